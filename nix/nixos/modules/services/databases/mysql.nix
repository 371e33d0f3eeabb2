# The database MariaDB: services.mysql.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings concatStringsSep escapeShellArg literalExpression mapAttrsToList mkDefault mkEnableOption mkIf mkOption optionalString types;
  cfg = config.services.mysql;

  atom = types.nullOr (types.oneOf [ types.bool types.int types.str types.path ]);
  word = value: if value == true then "1" else if value == false then "0" else toString value;
  line = key: value:
    if value == null then ""
    # A key of its own without a value, such as skip-networking = true.
    else if value == true && lib.hasPrefix "skip" key then "${key}\n"
    else if builtins.isList value then concatMapStrings (item: "${key}=${word item}\n") value
    else "${key}=${word value}\n";
  ini = sections: concatStringsSep "\n" (mapAttrsToList (name: keys: "[${name}]\n${lib.concatStrings (mapAttrsToList line keys)}") sections);

  run = sql: "printf '%s\\n' ${escapeShellArg sql}";
  initialDatabase = database: ''
    if ! test -e "${cfg.dataDir}/${database.name}"; then
      { ${run "CREATE DATABASE `${database.name}`; USE `${database.name}`;"}
        ${optionalString (database.schema != null) "cat ${toString database.schema}"}
      } | mysql -u ${cfg.user} -N
    fi
  '';
  ensure =
    concatMapStrings (database: "CREATE DATABASE IF NOT EXISTS `${database}`;\n") cfg.ensureDatabases
    + concatMapStrings (user:
      "CREATE USER IF NOT EXISTS '${user.name}'@'localhost' IDENTIFIED WITH unix_socket;\n"
      + lib.concatStrings (mapAttrsToList (what: privileges: "GRANT ${privileges} ON ${what} TO '${user.name}'@'localhost';\n") user.ensurePermissions)
    ) cfg.ensureUsers;
in
{
  imports = [
    (lib.mkRenamedOptionModule [ "services" "mysql" "port" ] [ "services" "mysql" "settings" "mysqld" "port" ])
    (lib.mkRenamedOptionModule [ "services" "mysql" "bind" ] [ "services" "mysql" "settings" "mysqld" "bind-address" ])
    (lib.mkRemovedOptionModule [ "services" "mysql" "extraOptions" ] "Use services.mysql.settings.mysqld instead.")
  ];

  options.services.mysql = {
    enable = mkEnableOption "the database MariaDB";
    package = mkOption {
      type = types.package;
      default = pkgs.mariadb-server;
      defaultText = literalExpression "pkgs.mariadb-server";
      description = "The package of the server.";
    };
    user = mkOption { type = types.str; default = "mysql"; description = "User who runs the server."; };
    group = mkOption { type = types.str; default = "mysql"; description = "Group of the server."; };
    dataDir = mkOption { type = types.path; default = "/var/lib/mysql"; description = "Directory of the data."; };
    configFile = mkOption {
      type = types.path;
      default = pkgs.writeText "my.cnf" (ini cfg.settings);
      defaultText = literalExpression "a file made from services.mysql.settings";
      description = "The configuration file.";
    };
    settings = mkOption {
      type = types.attrsOf (types.attrsOf (types.either atom (types.listOf atom)));
      default = { };
      example = { mysqld = { key_buffer_size = "6G"; table_cache = 1600; }; };
      description = "Settings of {file}`my.cnf`, by section.";
    };
    initialDatabases = mkOption {
      type = types.listOf (types.submodule {
        options = {
          name = mkOption { type = types.str; description = "Name of the database."; };
          schema = mkOption { type = types.nullOr types.path; default = null; description = "File of SQL to run in it."; };
        };
      });
      default = [ ];
      description = "Databases that are made when the data directory is made.";
    };
    initialScript = mkOption { type = types.nullOr types.path; default = null; description = "File of SQL to run once, after the data directory was made."; };
    ensureDatabases = mkOption { type = types.listOf types.str; default = [ ]; description = "Databases that are made if they do not exist."; };
    ensureUsers = mkOption {
      type = types.listOf (types.submodule {
        options = {
          name = mkOption { type = types.str; description = "Name of the user, who logs in as the system user of that name."; };
          ensurePermissions = mkOption {
            type = types.attrsOf types.str;
            default = { };
            example = { "database.*" = "ALL PRIVILEGES"; };
            description = "Privileges, by what they are for.";
          };
        };
      });
      default = [ ];
      description = "Users who are made if they do not exist.";
    };
  };

  config = mkIf cfg.enable {
    services.mysql.settings.mysqld = {
      datadir = cfg.dataDir;
      port = mkDefault 3306;
      socket = mkDefault "/run/mysqld/mysqld.sock";
      pid-file = mkDefault "/run/mysqld/mysqld.pid";
    };
    # Local users are who the kernel says they are.
    users.users = lib.optionalAttrs (cfg.user == "mysql") {
      mysql = {
        description = "MySQL server user";
        group = cfg.group;
        uid = config.ids.uids.mysql or 84;
        isSystemUser = true;
      };
    };
    users.groups = lib.optionalAttrs (cfg.group == "mysql") { mysql.gid = config.ids.gids.mysql or 84; };

    environment.systemPackages = [ cfg.package pkgs.mariadb-client ];
    environment.etc."my.cnf".source = cfg.configFile;

    systemd.services.mysql = {
      description = "MySQL Server";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      restartTriggers = [ cfg.configFile ];
      preStart = ''
        if ! test -e ${cfg.dataDir}/mysql; then
          mariadb-install-db --defaults-file=/etc/my.cnf --datadir=${cfg.dataDir} --basedir=/usr --auth-root-authentication-method=socket --auth-root-socket-user=${cfg.user}
          touch ${cfg.dataDir}/mysql_init
        fi
      '';
      postStart = ''
        mysql() { mariadb --socket=${cfg.settings.mysqld.socket} "$@"; }
        if test -f ${cfg.dataDir}/mysql_init; then
          # The system's root is root here, too.
          ${run "CREATE USER IF NOT EXISTS 'root'@'localhost' IDENTIFIED VIA unix_socket; GRANT ALL PRIVILEGES ON *.* TO 'root'@'localhost' WITH GRANT OPTION;"} | mysql -u ${cfg.user} -N || true
          ${concatMapStrings initialDatabase cfg.initialDatabases}
          ${optionalString (cfg.initialScript != null) "mysql -u ${cfg.user} -N < ${toString cfg.initialScript}"}
          rm ${cfg.dataDir}/mysql_init
        fi
        ${optionalString (ensure != "") "${run ensure} | mysql -u ${cfg.user} -N"}
      '';
      serviceConfig = {
        Type = "notify";
        ExecStart = "/usr/sbin/mariadbd --defaults-file=/etc/my.cnf --basedir=/usr";
        User = cfg.user;
        Group = cfg.group;
        Restart = "on-abort";
        RestartSec = "5s";
        RuntimeDirectory = "mysqld";
        RuntimeDirectoryMode = "0755";
        StateDirectory = mkIf (cfg.dataDir == "/var/lib/mysql") "mysql";
        StateDirectoryMode = "0700";
        TimeoutStartSec = "5min";
        ProtectSystem = "full";
        ProtectHome = true;
        PrivateTmp = true;
        NoNewPrivileges = true;
      };
    };
  };
}
