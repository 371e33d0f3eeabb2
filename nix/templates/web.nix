# A web server for the files in /srv/www of the container. Reach it from outside with `create --port 8080:80`.
{ pkgs, ... }:

{
  system.stateVersion = "25.11";
  services.nginx.enable = true;
  services.nginx.virtualHosts.default = {
    default = true;
    root = "/srv/www";
  };
  systemd.tmpfiles.rules = [ "d /srv/www 0755 root root -" ];
  networking.firewall.allowedTCPPorts = [ 80 ];
}
