# The cache memcached: services.memcached.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkEnableOption mkIf mkOption types;
  cfg = config.services.memcached;
in
{
  options.services.memcached = {
    enable = mkEnableOption "the cache memcached";
    user = mkOption { type = types.str; default = "memcached"; description = "User who runs the server."; };
    listen = mkOption { type = types.str; default = "127.0.0.1"; description = "Address to listen on."; };
    port = mkOption { type = types.port; default = 11211; description = "Port to listen on."; };
    enableUnixSocket = mkEnableOption "a socket at {file}`/run/memcached/memcached.sock` instead of a port";
    maxMemory = mkOption { type = types.ints.unsigned; default = 64; description = "Memory to use, in megabytes."; };
    maxConnections = mkOption { type = types.ints.unsigned; default = 1024; description = "Largest number of connections."; };
    extraOptions = mkOption { type = types.listOf types.str; default = [ ]; description = "Further arguments."; };
  };

  config = mkIf cfg.enable {
    environment.systemPackages = [ pkgs.memcached ];
    users.users = lib.optionalAttrs (cfg.user == "memcached") { memcached = { isSystemUser = true; group = "memcached"; description = "Memcached server user"; }; };
    users.groups = lib.optionalAttrs (cfg.user == "memcached") { memcached = { }; };
    # The archive's file names a user of another spelling; the unit makes the directory.
    environment.etc."tmpfiles.d/memcached.conf".text = "";
    systemd.services.memcached = {
      description = "Memcached server";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      serviceConfig = {
        ExecStart =
          let
            place = if cfg.enableUnixSocket then "-s /run/memcached/memcached.sock" else "-l ${cfg.listen} -p ${toString cfg.port}";
          in
          "${pkgs.memcached}/usr/bin/memcached ${place} -m ${toString cfg.maxMemory} -c ${toString cfg.maxConnections} ${toString cfg.extraOptions}";
        User = cfg.user;
        RuntimeDirectory = "memcached";
        ProtectSystem = "strict";
        ProtectHome = true;
        PrivateTmp = true;
        NoNewPrivileges = true;
        CapabilityBoundingSet = "";
        RestrictAddressFamilies = [ "AF_INET" "AF_INET6" "AF_UNIX" ];
      };
    };
  };
}
