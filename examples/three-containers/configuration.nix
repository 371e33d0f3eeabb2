# Three containers that see each other: a network that they share, and their names.
#
#     nixos-container switch -c examples/three-containers/configuration.nix
#     nixos-container run app -- curl http://web/
#     curl http://localhost:8080/
{
  networking.containers.networks.backend = { };

  containers.db = {
    autoStart = true;
    networks = [ "backend" ];
    config = { };
  };

  containers.app = {
    autoStart = true;
    networks = [ "backend" ];
    config = { pkgs, ... }: {
      environment.systemPackages = [ pkgs.curl ];
    };
  };

  containers.web = {
    autoStart = true;
    networks = [ "backend" ];
    forwardPorts = [ { hostPort = 8080; containerPort = 80; } ];
    config = { pkgs, ... }: {
      networking.firewall.allowedTCPPorts = [ 80 ];
      services.nginx = {
        enable = true;
        virtualHosts.localhost.root = pkgs.writeTextDir "index.html" "Hello from the backend\n";
      };
    };
  };
}
