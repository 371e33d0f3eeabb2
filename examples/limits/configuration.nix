# Half a core and one gibibyte, for the whole container.
{ ... }:

{
containers.mycontainer = {
  # Set CPU limits
  config = { config, pkgs, ... }: {
    systemd.slices.container.sliceConfig = {
      CPUQuota = "50%";  # Limit to 50% CPU
    };
  };
  
  # Memory limits can be set via the host's systemd configuration
  extraFlags = [ "--memory-limit=1G" ];
};

  # What the container needs besides, in a module of its own: definitions from several modules are merged.
  imports = [
    {
      containers.mycontainer.privateNetwork = true;
      containers.mycontainer.config.system.stateVersion = "23.11";
    }
  ];
}
