# A root that is empty at every start and gone after every stop: upstream's name for it is `ephemeral`.
{ ... }:

{
  containers.shortlived = {
    ephemeral = true;
    privateNetwork = true;
    autoStart = true;
    config = { ... }: { system.stateVersion = "23.11"; };
  };
}
