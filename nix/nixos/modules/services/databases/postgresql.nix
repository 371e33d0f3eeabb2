# The database PostgreSQL: services.postgresql.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings concatStringsSep escapeShellArg escapeShellArgs filterAttrs literalExpression mapAttrsToList mkBefore mkEnableOption mkIf mkOption optionalString types;
  cfg = config.services.postgresql;

  # The archive has one major version per suite, and its name in the package's name.
  newest = lib.findFirst (major: pkgs ? "postgresql-${toString major}") (throw "the archive has no postgresql package") (lib.reverseList (lib.range 11 24));
  major = lib.versions.major cfg.package.version;
  bin = "${cfg.package}/usr/lib/postgresql/${major}/bin";
  client = pkgs."postgresql-client-${major}" or cfg.package;

  value = v:
    if v == true then "yes" else if v == false then "no"
    else if builtins.isString v then "'${lib.replaceStrings [ "'" ] [ "''" ] v}'"
    else toString v;
  configFile = pkgs.writeText "postgresql.conf" (
    lib.concatStrings (mapAttrsToList (name: v: "${name} = ${value v}\n") (filterAttrs (_: v: v != null) cfg.settings))
  );

  clause = name: on: optionalString (on != null) "${optionalString (!on) "NO"}${lib.toUpper name} ";
  sqlName = name: ''"${lib.replaceStrings [ "\"" ] [ "\"\"" ] name}"'';
  ensure = ''
    ${concatMapStrings (database: ''
      psql -tAc "SELECT 1 FROM pg_database WHERE datname = '${database}'" | grep -q 1 || psql -tAc ${escapeShellArg "CREATE DATABASE ${sqlName database}"}
    '') cfg.ensureDatabases}
    ${concatMapStrings (user: ''
      psql -tAc "SELECT 1 FROM pg_roles WHERE rolname='${user.name}'" | grep -q 1 || psql -tAc ${escapeShellArg "CREATE USER ${sqlName user.name}"}
      ${optionalString user.ensureDBOwnership "psql -tAc ${escapeShellArg "ALTER DATABASE ${sqlName user.name} OWNER TO ${sqlName user.name}"}"}
      ${let clauses = lib.concatStrings (mapAttrsToList clause user.ensureClauses); in
        optionalString (clauses != "") "psql -tAc ${escapeShellArg "ALTER ROLE ${sqlName user.name} ${clauses}"}"}
    '') cfg.ensureUsers}
  '';

  maybeBool = description: mkOption { type = types.nullOr types.bool; default = null; inherit description; };
  ensureUser = {
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
      default = pkgs."postgresql-${toString newest}";
      defaultText = literalExpression ''pkgs."postgresql-<newest>"'';
      description = "The package of the server, one of the archive's `postgresql-<major>`.";
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
      description = "File of SQL to run once, after the data directory was made.";
    };
    ensureDatabases = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "gitea" ];
      description = "Databases that are made if they do not exist.";
    };
    ensureUsers = mkOption {
      type = types.listOf (types.submodule ensureUser);
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
      apply = packages: if builtins.isFunction packages then packages pkgs else packages;
      description = "Packages of extensions.";
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

    environment.systemPackages = [ cfg.package client ] ++ cfg.extensions;

    systemd.services.postgresql = {
      description = "PostgreSQL Server";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      environment = { PGDATA = cfg.dataDir; PGPORT = toString cfg.settings.port; };
      path = [ "${client}/usr/lib/postgresql/${major}" "${cfg.package}/usr/lib/postgresql/${major}" ];
      preStart = ''
        if ! test -e ${cfg.dataDir}/PG_VERSION; then
          # Left over from an interrupted run.
          rm -f ${cfg.dataDir}/*.conf
          ${bin}/initdb -U ${cfg.superUser} ${escapeShellArgs cfg.initdbArgs}
          touch "${cfg.dataDir}/.first_startup"
        fi
        ln -sfn "${configFile}" "${cfg.dataDir}/postgresql.conf"
      '';
      # Ready only when databases and users are there.
      postStart = ''
        psql() { ${client}/usr/lib/postgresql/${major}/bin/psql -d postgres "$@"; }
        while ! psql -tAc "" 2> /dev/null; do
          if ! kill -0 "$MAINPID"; then exit 1; fi
          sleep 0.1
        done
        if test -e "${cfg.dataDir}/.first_startup"; then
          ${optionalString (cfg.initialScript != null) ''psql -f "${cfg.initialScript}"''}
          rm -f "${cfg.dataDir}/.first_startup"
        fi
        ${ensure}
      '';
      serviceConfig = {
        ExecStart = "${bin}/postgres";
        ExecReload = "${pkgs.staticBusybox}/bin/kill -HUP $MAINPID";
        User = "postgres";
        Group = "postgres";
        RuntimeDirectory = "postgresql";
        StateDirectory = mkIf (lib.hasPrefix "/var/lib/postgresql" cfg.dataDir) "postgresql postgresql/${major}";
        StateDirectoryMode = "0750";
        Type = "notify";
        # The server wants SIGINT for a shutdown that does not wait for clients.
        KillSignal = "SIGINT";
        KillMode = "mixed";
        TimeoutSec = 120;
      };
      unitConfig.RequiresMountsFor = cfg.dataDir;
    };
  };
}
