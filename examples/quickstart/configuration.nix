{ config, pkgs, ... }:

{
  # Other system configuration...
  
  containers.mycontainer = {
    config = { config, pkgs, ... }: {
      system.stateVersion = "23.11";
      
      # Container configuration
      services.openssh.enable = true;
      networking.firewall.allowedTCPPorts = [ 22 ];
      
      # Container packages
      environment.systemPackages = with pkgs; [
        vim
        curl
        htop
      ];
    };
    
    # Container properties
    privateNetwork = true;
    hostAddress = "10.100.0.1";
    localAddress = "10.100.0.2";
    autoStart = true;
  };
}
