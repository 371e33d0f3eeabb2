# A web server in a container of its own network, reached through a port of the host:
#
#     nixos-container switch -c examples/port-forward/configuration.nix
#     curl http://localhost:8080/
{ ... }:

{
containers.mycontainer = {
  # Private virtual Ethernet connection
  privateNetwork = true;
  
  # Host side of the Ethernet pair
  hostAddress = "10.0.0.1";
  
  # Container side of the Ethernet pair
  localAddress = "10.0.0.2";
  
  # Forward specific host ports to container
  forwardPorts = [
    { hostPort = 8080; containerPort = 80; protocol = "tcp"; }
  ];
  
  # Use the host's network namespace
  # privateNetwork = false;
};

  containers.mycontainer.autoStart = true;
  containers.mycontainer.config = { pkgs, ... }: {
    system.stateVersion = "23.11";
    networking.firewall.allowedTCPPorts = [ 80 ];
    services.nginx = {
      enable = true;
      virtualHosts.localhost.root = pkgs.writeTextDir "index.html" "Hello from a container\n";
    };
  };
}
