# Redis servers: services.redis.servers. The server named "" is called redis, any other redis-<name>.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings literalExpression mapAttrsToList mkDefault mkEnableOption mkIf mkOption optional optionalString types;
  cfg = config.services.redis;
  enabled = lib.filterAttrs (_: server: server.enable) cfg.servers;

  unit = name: "redis${optionalString (name != "") "-${name}"}";
  word = value:
    if value == true then "yes" else if value == false then "no" else toString value;
  line = key: value:
    if builtins.isList value then concatMapStrings (item: "${key} ${word item}\n") value else "${key} ${word value}\n";
  configFile = name: server: pkgs.writeText "${unit name}.conf" (lib.concatStrings (mapAttrsToList line server.settings));

  maybe = type: description: mkOption { type = types.nullOr type; default = null; inherit description; };
  atom = types.oneOf [ types.bool types.int types.str ];

  server = { name, config, ... }: {
    options = {
      enable = mkEnableOption "this server";
      user = mkOption { type = types.str; default = unit name; defaultText = literalExpression ''"redis-<name>"''; description = "User who runs the server."; };
      group = mkOption { type = types.str; default = config.user; defaultText = literalExpression "user"; description = "Group of the server."; };
      port = mkOption {
        type = types.port;
        default = if name == "" then 6379 else 0;
        defaultText = literalExpression ''if name == "" then 6379 else 0'';
        description = "Port to listen on; 0 for none.";
      };
      openFirewall = mkOption { type = types.bool; default = false; description = "Whether to allow the port in the firewall."; };
      extraParams = mkOption { type = types.listOf types.str; default = [ ]; description = "Further arguments of the server."; };
      bind = mkOption { type = types.nullOr types.str; default = "127.0.0.1"; description = "Address to listen on; all with `null`."; };
      unixSocket = mkOption {
        type = types.nullOr types.path;
        default = "/run/${unit name}/redis.sock";
        defaultText = literalExpression ''"/run/redis-<name>/redis.sock"'';
        description = "Path of the socket.";
      };
      unixSocketPerm = mkOption { type = types.int; default = 660; description = "Mode of the socket."; };
      logLevel = mkOption { type = types.str; default = "notice"; description = "How much is logged."; };
      logfile = mkOption { type = types.str; default = "/dev/null"; description = "File of the log."; };
      syslog = mkOption { type = types.bool; default = true; description = "Whether to log to the journal."; };
      databases = mkOption { type = types.int; default = 16; description = "Number of databases."; };
      maxclients = mkOption { type = types.int; default = 10000; description = "Largest number of clients."; };
      save = mkOption {
        type = types.listOf (types.listOf types.int);
        default = [ [ 900 1 ] [ 300 10 ] [ 60 10000 ] ];
        description = "When to write to disk: after so many seconds with so many changes.";
      };
      slaveOf = maybe (types.submodule { options = {
        ip = mkOption { type = types.str; description = "Address of the master."; };
        port = mkOption { type = types.port; description = "Port of the master."; };
      }; }) "The server to copy.";
      masterAuth = maybe types.str "Password of the server to copy.";
      requirePass = maybe types.str "Password of this server; readable in the store.";
      requirePassFile = maybe types.path "File with the password of this server.";
      appendOnly = mkOption { type = types.bool; default = false; description = "Whether every change is written to disk at once."; };
      appendFsync = mkOption { type = types.str; default = "everysec"; description = "When such writes are flushed."; };
      slowLogLogSlowerThan = mkOption { type = types.int; default = 10000; description = "Microseconds from which on a command is slow."; };
      slowLogMaxLen = mkOption { type = types.int; default = 128; description = "Slow commands to remember."; };
      settings = mkOption {
        type = types.attrsOf (types.either atom (types.listOf atom));
        default = { };
        description = "Settings of {file}`redis.conf`.";
      };
    };
    config.settings = builtins.mapAttrs (_: mkDefault) ({
      port = config.port;
      daemonize = false;
      supervised = "systemd";
      loglevel = config.logLevel;
      logfile = config.logfile;
      syslog-enabled = config.syslog;
      databases = config.databases;
      maxclients = config.maxclients;
      save = if config.save == [ ] then ''""'' else map (pair: "${toString (builtins.elemAt pair 0)} ${toString (builtins.elemAt pair 1)}") config.save;
      dbfilename = "dump.rdb";
      dir = "/var/lib/${unit name}";
      appendonly = config.appendOnly;
      appendfsync = config.appendFsync;
      slowlog-log-slower-than = config.slowLogLogSlowerThan;
      slowlog-max-len = config.slowLogMaxLen;
    }
    // lib.optionalAttrs (config.bind != null) { bind = config.bind; }
    // lib.optionalAttrs (config.unixSocket != null) { unixsocket = config.unixSocket; unixsocketperm = toString config.unixSocketPerm; }
    // lib.optionalAttrs (config.slaveOf != null) { slaveof = "${config.slaveOf.ip} ${toString config.slaveOf.port}"; }
    // lib.optionalAttrs (config.masterAuth != null) { masterauth = config.masterAuth; }
    // lib.optionalAttrs (config.requirePass != null) { requirepass = config.requirePass; });
  };

  service = name: server: lib.nameValuePair (unit name) {
    description = "Redis Server - ${unit name}";
    wantedBy = [ "multi-user.target" ];
    after = [ "network.target" ];
    restartTriggers = [ cfg.package ];
    # The server writes its configuration file (when it becomes a master, for example): it gets a copy.
    preStart = ''
      install -m 0600 ${configFile name server} /run/${unit name}/redis.conf
      ${optionalString (server.requirePassFile != null) ''
        printf 'requirepass %s\n' "$(cat "$CREDENTIALS_DIRECTORY/password")" >> /run/${unit name}/redis.conf
      ''}
    '';
    serviceConfig = {
      # By its place in the system: the archive's server is a link into another package.
      ExecStart = "/usr/bin/redis-server /run/${unit name}/redis.conf ${lib.escapeShellArgs server.extraParams}";
      LoadCredential = optional (server.requirePassFile != null) "password:${server.requirePassFile}";
      Type = "notify";
      User = server.user;
      Group = server.group;
      RuntimeDirectory = unit name;
      RuntimeDirectoryMode = "0750";
      StateDirectory = unit name;
      StateDirectoryMode = "0700";
      UMask = "0077";
      NoNewPrivileges = true;
      ProtectSystem = "strict";
      ProtectHome = true;
      PrivateTmp = true;
      RestrictAddressFamilies = [ "AF_INET" "AF_INET6" "AF_UNIX" ];
      LimitNOFILE = lib.mkDefault "${toString (server.maxclients + 32)}";
      Restart = "on-failure";
    };
  };
in
{
  options.services.redis = {
    package = mkOption {
      type = types.package;
      default = pkgs.redis-server;
      defaultText = literalExpression "pkgs.redis-server";
      description = "The package of the server.";
    };
    vmOverCommit = mkOption {
      type = types.bool;
      default = true;
      description = "Accepted for compatibility: how the kernel gives out memory is the host's.";
    };
    servers = mkOption {
      type = types.attrsOf (types.submodule server);
      default = { };
      description = "Servers, by name.";
    };
  };

  config = mkIf (enabled != { }) {
    assertions = mapAttrsToList (name: server: {
      assertion = server.requirePass == null || server.requirePassFile == null;
      message = "You can only set one services.redis.servers.${name}.requirePass or services.redis.servers.${name}.requirePassFile";
    }) enabled;
    environment.systemPackages = [ cfg.package pkgs.redis-tools ];
    networking.firewall.allowedTCPPorts =
      map (server: server.port) (builtins.filter (server: server.openFirewall && server.port != 0) (builtins.attrValues enabled));
    users.users = lib.mapAttrs' (name: server: lib.nameValuePair (unit name) {
      description = "System user for the redis-server instance ${name}";
      isSystemUser = true;
      group = unit name;
    }) (lib.filterAttrs (name: server: server.user == unit name) enabled);
    users.groups = lib.mapAttrs' (name: _: lib.nameValuePair (unit name) { })
      (lib.filterAttrs (name: server: server.group == unit name) enabled);
    systemd.services = lib.mapAttrs' service enabled;
  };
}
