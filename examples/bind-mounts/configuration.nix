# A directory of the host that a container writes to. Create it first: mkdir -p /path/on/host
{ ... }:

{
containers.mycontainer = {
  # Bind mount host directories to container
  bindMounts = {
    "/host/data" = {
      hostPath = "/path/on/host";
      isReadOnly = false;
    };
  };
  
  # You can also use ephemeralRootfs for temporary containers
  ephemeralRootfs = true;
};

  containers.mycontainer.privateNetwork = true;
  containers.mycontainer.config = { ... }: { system.stateVersion = "23.11"; };
}
