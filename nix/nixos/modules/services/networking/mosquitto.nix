# The MQTT broker mosquitto: services.mosquitto.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings concatStrings imap0 mapAttrsToList mkEnableOption mkIf mkOption optional optionalString types;
  cfg = config.services.mosquitto;

  atom = types.oneOf [ types.bool types.int types.str types.path ];
  settings = description: mkOption { type = types.attrsOf atom; default = { }; inherit description; };
  word = value: if value == true then "true" else if value == false then "false" else toString value;
  lines = set: concatStrings (mapAttrsToList (name: value: "${name} ${word value}\n") set);

  user = {
    options = {
      password = mkOption { type = types.nullOr types.str; default = null; description = "The password; readable in the store."; };
      passwordFile = mkOption { type = types.nullOr types.path; default = null; description = "File with the password."; };
      hashedPassword = mkOption { type = types.nullOr types.str; default = null; description = "The password as {command}`mosquitto_passwd` hashes it."; };
      hashedPasswordFile = mkOption { type = types.nullOr types.path; default = null; description = "File with such a hash."; };
      acl = mkOption { type = types.listOf types.str; default = [ ]; example = [ "read A/B" "readwrite A/#" ]; description = "What the user may do."; };
    };
  };
  listener = {
    options = {
      port = mkOption { type = types.port; default = 1883; description = "Port to listen on."; };
      address = mkOption { type = types.nullOr types.str; default = null; description = "Address to listen on; all without."; };
      authPlugins = mkOption { type = types.listOf types.attrs; default = [ ]; description = "Accepted for compatibility."; };
      users = mkOption { type = types.attrsOf (types.submodule user); default = { }; description = "Users, by name."; };
      omitPasswordAuth = mkOption { type = types.bool; default = false; description = "Whether nobody is asked for a password."; };
      acl = mkOption { type = types.listOf types.str; default = [ ]; example = [ "pattern read #" ]; description = "What everybody may do."; };
      settings = settings "Further settings of the listener.";
    };
  };

  aclFile = index: l: pkgs.writeText "mosquitto-acl-${toString index}.conf" (
    concatMapStrings (rule: rule + "\n") l.acl
    + concatStrings (mapAttrsToList (name: u: "user ${name}\n${concatMapStrings (rule: "topic ${rule}\n") u.acl}") l.users)
  );
  passwordFile = index: "/run/mosquitto/passwd-${toString index}";
  block = index: l:
    "listener ${toString l.port}${optionalString (l.address != null) " ${l.address}"}\n"
    + optionalString (!l.omitPasswordAuth) "password_file ${passwordFile index}\n"
    + "acl_file ${aclFile index l}\n"
    + lines l.settings;
  file = pkgs.writeText "mosquitto.conf" (
    "per_listener_settings true\npersistence ${word cfg.persistence}\npersistence_location ${cfg.dataDir}/\n"
    + concatMapStrings (to: "log_dest ${to}\n") cfg.logDest
    + concatMapStrings (kind: "log_type ${kind}\n") cfg.logType
    + lines cfg.settings + concatStrings (imap0 block cfg.listeners)
  );

  # Hashes go in as they are, passwords are hashed at start.
  setUser = index: name: u:
    let
      value = plain: path: if path != null then "$(cat ${lib.escapeShellArg (toString path)})" else plain;
      put = "printf '%s:%s\\n' ${lib.escapeShellArg name} \"$value\" >> ${passwordFile index}\n";
    in
    if u.hashedPassword != null || u.hashedPasswordFile != null then
      (if u.hashedPasswordFile != null then "value=${value null u.hashedPasswordFile}\n" else "value=${lib.escapeShellArg u.hashedPassword}\n") + put
    else
      (if u.passwordFile != null then "value=\"${value null u.passwordFile}\"\n" else "value=${lib.escapeShellArg (toString u.password)}\n")
      + "mosquitto_passwd -b ${passwordFile index} ${lib.escapeShellArg name} \"$value\"\n";
in
{
  options.services.mosquitto = {
    enable = mkEnableOption "the MQTT broker mosquitto";
    package = mkOption { type = types.package; default = pkgs.mosquitto; defaultText = lib.literalExpression "pkgs.mosquitto"; description = "The package of the broker."; };
    listeners = mkOption { type = types.listOf (types.submodule listener); default = [ ]; description = "Where the broker listens."; };
    bridges = mkOption { type = types.attrsOf types.attrs; default = { }; description = "Not available here: use settings."; };
    persistence = mkOption { type = types.bool; default = true; description = "Whether messages outlive a restart."; };
    dataDir = mkOption { type = types.path; default = "/var/lib/mosquitto"; description = "Directory of the data."; };
    includeDirs = mkOption { type = types.listOf types.path; default = [ ]; description = "Accepted for compatibility."; };
    logDest = mkOption { type = types.listOf types.str; default = [ "stderr" ]; description = "Where to log."; };
    logType = mkOption {
      type = types.listOf (types.enum [ "debug" "error" "warning" "notice" "information" "subscribe" "unsubscribe" "websockets" "none" "all" ]);
      default = [ ];
      description = "What to log.";
    };
    settings = settings "Further settings.";
  };

  config = mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.bridges == { };
        message = "services.mosquitto.bridges is not available here; write the bridge as services.mosquitto.settings.";
      }
    ];
    environment.systemPackages = [ cfg.package ];
    users.users.mosquitto = { description = "Mosquitto MQTT Broker Daemon owner"; group = "mosquitto"; uid = config.ids.uids.mosquitto or 246; home = cfg.dataDir; isSystemUser = true; };
    users.groups.mosquitto.gid = config.ids.gids.mosquitto or 246;
    systemd.services.mosquitto = {
      description = "Mosquitto MQTT Broker Daemon";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      preStart = concatStrings (imap0 (index: l: optionalString (!l.omitPasswordAuth) (
        "rm -f ${passwordFile index}\n(umask 077; touch ${passwordFile index})\n" + concatStrings (mapAttrsToList (setUser index) l.users)
      )) cfg.listeners);
      serviceConfig = {
        Type = "notify";
        NotifyAccess = "main";
        User = "mosquitto";
        Group = "mosquitto";
        RuntimeDirectory = "mosquitto";
        StateDirectory = optional (cfg.dataDir == "/var/lib/mosquitto") "mosquitto";
        ExecStart = "${cfg.package}/usr/sbin/mosquitto -c ${file}";
        ExecReload = "${pkgs.staticBusybox}/bin/kill -HUP $MAINPID";
        Restart = "on-failure";
        NoNewPrivileges = true;
        PrivateTmp = true;
        ProtectHome = true;
        ProtectSystem = "strict";
      };
    };
  };
}
