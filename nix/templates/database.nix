# A PostgreSQL server with a database and a user `app`, for other machines of the container's network.
{ pkgs, ... }:

{
  system.stateVersion = "25.11";
  services.postgresql.enable = true;
  services.postgresql.enableTCPIP = true;
  services.postgresql.ensureDatabases = [ "app" ];
  services.postgresql.ensureUsers = [
    {
      name = "app";
      ensureDBOwnership = true;
    }
  ];
  networking.firewall.allowedTCPPorts = [ 5432 ];
}
