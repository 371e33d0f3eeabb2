# The database PostgreSQL: services.postgresql.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings concatStringsSep escapeShellArg escapeShellArgs filterAttrs literalExpression mapAttrsToList mkBefore mkEnableOption mkIf mkOption optionalString types;
  cfg = config.services.postgresql;

  major = lib.versions.major cfg.package.version;
  # Server and client together, also for who asks for the archive's package of the server alone.
  base = if cfg.package ? withPackages then cfg.package else pkgs."postgresql_${major}" or cfg.package;

  value = v:
    if v == true then "yes" else if v == false then "no"
    else if builtins.isString v then "'${lib.replaceStrings [ "'" ] [ "''" ] v}'"
    else toString v;
  configFile = pkgs.writeText "postgresql.conf" (
    lib.concatStrings (mapAttrsToList (name: v: "${name} = ${value v}\n") (filterAttrs (_: v: v != null) cfg.settings))
  );

  clause = name: on: optionalString (on != null) "${optionalString (!on) "NO"}${lib.toUpper name} ";
  sqlName = name: ''"${lib.replaceStrings [ "\"" ] [ "\"\"" ] name}"'';
  # Only where there is something to do, and each thing only once.
  ensureDatabase = database: ''
    psql -tAc "SELECT 1 FROM pg_database WHERE datname = '${database}'" | grep -q 1 || psql -tAc ${escapeShellArg "CREATE DATABASE ${sqlName database}"}
  '';
  ensureUser = user:
    let clauses = lib.concatStrings (mapAttrsToList clause user.ensureClauses);
    in ''
      psql -tAc "SELECT 1 FROM pg_roles WHERE rolname='${user.name}'" | grep -q 1 || psql -tAc ${escapeShellArg "CREATE USER ${sqlName user.name}"}
      ${optionalString (clauses != "") "psql -tAc ${escapeShellArg "ALTER ROLE ${sqlName user.name} ${clauses}"}"}
      ${optionalString user.ensureDBOwnership "psql -tAc ${escapeShellArg "ALTER DATABASE ${sqlName user.name} OWNER TO ${sqlName user.name}"}"}
    '';

  maybeBool = description: mkOption { type = types.nullOr types.bool; default = null; inherit description; };
  userModule = {
    options = {
      name = mkOption { type = types.str; description = "Name of the user."; };
      ensureDBOwnership = mkOption {
        type = types.bool;
        default = false;
        description = "Whether the user owns the database of the same name.";
      };
      ensureClauses = mkOption {
        type = types.submodule {
          options = lib.genAttrs [ "superuser" "createrole" "createdb" "inherit" "login" "replication" "bypassrls" ]
            (name: maybeBool "Whether the user has the attribute ${lib.toUpper name}. Left alone with `null`.");
        };
        default = { };
        description = "Attributes of the user.";
      };
    };
  };
in
{
  imports = [
    (lib.mkRenamedOptionModule [ "services" "postgresql" "port" ] [ "services" "postgresql" "settings" "port" ])
    (lib.mkRenamedOptionModule [ "services" "postgresql" "extraPlugins" ] [ "services" "postgresql" "extensions" ])
  ];

  options.services.postgresql = {
    enable = mkEnableOption "the database PostgreSQL";
    package = mkOption {
      type = types.package;
      default = pkgs.postgresql or (throw "the archive has no postgresql package");
      defaultText = literalExpression "pkgs.postgresql";
      description = "The package of the server: of the versions that the archive has, as `pkgs.postgresql_<major>`.";
    };
    finalPackage = mkOption {
      type = types.package;
      readOnly = true;
      default = if cfg.extensions == [ ] then base else base.withPackages (_: cfg.extensions);
      defaultText = literalExpression "package, with extensions";
      description = "The package that runs: {option}`services.postgresql.package` together with {option}`services.postgresql.extensions`.";
    };
    enableJIT = mkEnableOption "just-in-time compilation of queries";
    checkConfig = mkOption { type = types.bool; default = true; description = "Accepted for compatibility."; };
    dataDir = mkOption {
      type = types.path;
      default = "/var/lib/postgresql/${major}";
      defaultText = literalExpression ''"/var/lib/postgresql/''${major version}"'';
      description = "Directory of the data.";
    };
    authentication = mkOption {
      type = types.lines;
      default = "";
      description = "Text for {file}`pg_hba.conf`, before the rules that let local users in by their name.";
    };
    identMap = mkOption { type = types.lines; default = ""; description = "Text for {file}`pg_ident.conf`."; };
    initdbArgs = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "--data-checksums" ];
      description = "Arguments of initdb, when the data directory is made.";
    };
    initialScript = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "File of SQL to run once, after the data directory was made. {file}`postgresql-setup.service` runs it.";
    };
    ensureDatabases = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "gitea" ];
      description = "Databases that are made if they do not exist.";
    };
    ensureUsers = mkOption {
      type = types.listOf (types.submodule userModule);
      default = [ ];
      example = [ { name = "gitea"; ensureDBOwnership = true; } ];
      description = "Users who are made if they do not exist.";
    };
    enableTCPIP = mkOption {
      type = types.bool;
      default = false;
      description = "Whether to listen on every address, and not only on localhost and the socket.";
    };
    extensions = mkOption {
      type = types.either (types.listOf types.path) (types.functionTo (types.listOf types.path));
      default = [ ];
      example = literalExpression "ps: [ ps.postgis ps.pg_cron ]";
      apply = packages: if lib.isFunction packages then packages base.pkgs else packages;
      description = "Packages of extensions: a list, or a function of all that the archive has for this version.";
    };
    settings = mkOption {
      type = types.submodule {
        freeformType = types.attrsOf (types.nullOr (types.oneOf [ types.bool types.float types.int types.str ]));
        options = {
          port = mkOption { type = types.port; default = 5432; description = "Port to listen on."; };
          shared_preload_libraries = mkOption {
            type = types.nullOr (types.coercedTo (types.listOf types.str) (concatStringsSep ",") types.commas);
            default = null;
            description = "Libraries to load at start.";
          };
          log_line_prefix = mkOption { type = types.str; default = "[%p] "; description = "Beginning of log lines."; };
        };
      };
      default = { };
      description = "Settings of {file}`postgresql.conf`.";
    };
    systemCallFilter = mkOption {
      type = types.attrsOf types.anything;
      default = { };
      description = "Accepted for compatibility: the server's system calls are not filtered.";
    };
    superUser = mkOption {
      type = types.str;
      default = "postgres";
      internal = true;
      readOnly = true;
      description = "Name of the superuser.";
    };
  };

  config = mkIf cfg.enable {
    assertions = map (user: {
      assertion = user.ensureDBOwnership -> builtins.elem user.name cfg.ensureDatabases;
      message = ''
        For each database user defined with `services.postgresql.ensureUsers` and
        `ensureDBOwnership = true;`, a database with the same name must be defined
        in `services.postgresql.ensureDatabases`. Offender: ${user.name} has no database.
      '';
    }) cfg.ensureUsers;

    services.postgresql.settings = {
      hba_file = "${pkgs.writeText "pg_hba.conf" cfg.authentication}";
      ident_file = "${pkgs.writeText "pg_ident.conf" cfg.identMap}";
      log_destination = "stderr";
      listen_addresses = lib.mkDefault (if cfg.enableTCPIP then "*" else "localhost");
      unix_socket_directories = lib.mkDefault "/run/postgresql";
      jit = lib.mkDefault (if cfg.enableJIT then "on" else "off");
    };
    services.postgresql.authentication = lib.mkMerge [
      (mkBefore "# Made from services.postgresql.authentication")
      (lib.mkAfter ''
        # default value of services.postgresql.authentication
        local all postgres         peer map=postgres
        local all all              peer
        host  all all 127.0.0.1/32 md5
        host  all all ::1/128      md5
      '')
    ];
    services.postgresql.identMap = lib.mkAfter "postgres postgres postgres\npostgres root postgres\n";

    users.users.postgres = {
      uid = config.ids.uids.postgres or 71;
      group = "postgres";
      description = "PostgreSQL server user";
      home = "/var/lib/postgresql";
      isSystemUser = true;
      useDefaultShell = true;
    };
    users.groups.postgres.gid = config.ids.gids.postgres or 71;

    environment.systemPackages = [ cfg.finalPackage ];

    # What needs databases and users waits for the target; what needs the server alone, for its service.
    systemd.targets.postgresql = {
      description = "PostgreSQL";
      wantedBy = [ "multi-user.target" ];
      requires = [ "postgresql.service" "postgresql-setup.service" ];
    };

    systemd.services.postgresql = {
      description = "PostgreSQL Server";
      after = [ "network.target" ];
      # Whoever starts, stops or restarts the service means the setup as well.
      wants = [ "postgresql.target" ];
      partOf = [ "postgresql.target" ];
      environment.PGDATA = cfg.dataDir;
      path = [ cfg.finalPackage ];
      preStart = ''
        if ! test -e ${cfg.dataDir}/PG_VERSION; then
          # Left over from an interrupted run.
          rm -f ${cfg.dataDir}/*.conf
          initdb -U ${cfg.superUser} ${escapeShellArgs cfg.initdbArgs}
          touch "${cfg.dataDir}/.first_startup"
        fi
        ln -sfn "${configFile}" "${cfg.dataDir}/postgresql.conf"
      '';
      serviceConfig = {
        ExecStart = "${cfg.finalPackage}/bin/postgres";
        ExecReload = "${pkgs.staticBusybox}/bin/kill -HUP $MAINPID";
        User = "postgres";
        Group = "postgres";
        RuntimeDirectory = "postgresql";
        StateDirectory = mkIf (lib.hasPrefix "/var/lib/postgresql" cfg.dataDir) "postgresql postgresql/${major}";
        StateDirectoryMode = "0750";
        Type = "notify";
        Restart = "always";
        # The server wants SIGINT for a shutdown that does not wait for clients.
        KillSignal = "SIGINT";
        KillMode = "mixed";
        TimeoutSec = 120;
      };
      unitConfig = {
        RequiresMountsFor = cfg.dataDir;
        # Long enough for five starts that each take all of TimeoutSec.
        StartLimitIntervalSec = 605;
        StartLimitBurst = 5;
      };
    };

    # Other modules append to its script, with mkAfter.
    systemd.services.postgresql-setup = {
      description = "PostgreSQL Setup Scripts";
      requires = [ "postgresql.service" ];
      after = [ "postgresql.service" ];
      environment.PGPORT = toString cfg.settings.port;
      path = [ cfg.finalPackage ];
      serviceConfig = { Type = "oneshot"; RemainAfterExit = true; User = "postgres"; Group = "postgres"; };
      script = ''
        # The server says that it is ready while it still recovers, when nothing can be written.
        until [ "$(psql -d postgres -tAc "SELECT pg_is_in_recovery()" 2> /dev/null)" = f ]; do
          systemctl is-active --quiet postgresql.service || exit 1
          sleep 0.1
        done
        if test -e "${cfg.dataDir}/.first_startup"; then
          ${optionalString (cfg.initialScript != null) ''psql -d postgres -f "${cfg.initialScript}"''}
          rm -f "${cfg.dataDir}/.first_startup"
        fi
        ${concatMapStrings ensureDatabase cfg.ensureDatabases}
        ${concatMapStrings ensureUser cfg.ensureUsers}
      '';
    };
  };
}
