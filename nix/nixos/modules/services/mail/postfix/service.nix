# What runs Postfix: its units, accounts and programs, the file main.cf, and tables that are compiled at start.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatStrings concatStringsSep escapeShellArg mapAttrsToList mkIf;
  cfg = config.services.postfix;
  inherit (cfg) package user group setgidGroup;

  value = v: if v == true then "yes" else if v == false then "no" else if builtins.isList v then concatStringsSep ", " (map toString v) else toString v;
  mainFile = concatStrings (mapAttrsToList (name: v: "${name} = ${value v}\n") (lib.filterAttrs (_: v: v != null) cfg.settings.main)) + cfg.extraConfig;

  # Copies, because Postfix compiles a table with the rights of the file's owner, who need not be root in a container.
  # Tables of regular expressions are read as they are.
  plain = [ "header_checks" ]
    ++ lib.optional (cfg.virtualMapType != "hash") "virtual"
    ++ lib.optional (cfg.aliasMapType != "hash") "aliases";
  compile = command: mapAttrsToList (name: from: ''
    rm -f /etc/postfix/${escapeShellArg name}
    cp -L ${escapeShellArg "${from}"} /etc/postfix/${escapeShellArg name}
    ${lib.optionalString (!builtins.elem name plain) "${command} ${escapeShellArg "hash:/etc/postfix/${name}"}"}
  '');
  setgid = program: { source = "${package}/usr/sbin/${program}"; owner = "root"; group = setgidGroup; setuid = false; setgid = true; };
in
{
  config = mkIf cfg.enable {
    environment.systemPackages = [ package ]
      ++ lib.optional (cfg.aliasMapType == "pcre" || cfg.virtualMapType == "pcre") pkgs.postfix-pcre;
    environment.etc."postfix/main.cf" = { mode = "0644"; text = mainFile; };
    environment.etc."postfix/dynamicmaps.cf".source = "${package}/usr/share/postfix/dynamicmaps.cf";
    environment.etc.aliases = mkIf (cfg.aliasFiles ? aliases) { source = cfg.aliasFiles.aliases; };

    # They write into directories of the group's. The archive leaves the bit to a maintainer script.
    security.wrappers = { mailq = setgid "sendmail"; postqueue = setgid "postqueue"; postdrop = setgid "postdrop"; };
    services.mail.sendmailSetuidWrapper = mkIf cfg.setSendmail (setgid "sendmail" // { program = "sendmail"; });

    users.users = lib.optionalAttrs (user == "postfix") {
      postfix = { isSystemUser = true; inherit group; home = "/var/lib/postfix"; description = "Postfix mail server user"; };
    };
    users.groups = lib.optionalAttrs (group == "postfix") { postfix = { }; } // lib.optionalAttrs (setgidGroup == "postdrop") { postdrop = { }; };

    # Would start the archive's own instance, which is this one once more.
    systemd.generators.postfix-instance-generator = "/dev/null";
    systemd.tmpfiles.rules = [ "d /var/spool/mail 1777 root root -" "L /var/mail - - - - spool/mail" ];
    systemd.services.postfix-setup = {
      description = "Setup for Postfix mail server";
      serviceConfig = { Type = "oneshot"; RemainAfterExit = true; };
      restartTriggers = [ (toString (builtins.attrValues cfg.mapFiles ++ builtins.attrValues cfg.aliasFiles)) ];
      script = ''
        install -d -m 0755 /var/lib/postfix /var/lib/postfix/queue /var/lib/postfix/queue/pid
        install -d -m 0700 -o ${user} -g ${group} /var/lib/postfix/data
        install -d -m 0710 -o ${user} -g ${setgidGroup} /var/lib/postfix/queue/public
        install -d -m 0730 -o ${user} -g ${setgidGroup} /var/lib/postfix/queue/maildrop
        # Where NixOS has what /etc/postfix is there.
        ln -sfn /etc/postfix /var/lib/postfix/conf
        ${concatStrings (compile "postalias" cfg.aliasFiles ++ compile "postmap" cfg.mapFiles)}
      '';
    };
    systemd.services.postfix = {
      description = "Postfix mail server";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" "postfix-setup.service" ];
      requires = [ "postfix-setup.service" ];
      restartTriggers = [ mainFile config.environment.etc."postfix/master.cf".text ];
      serviceConfig = {
        Type = "forking";
        Restart = "always";
        PIDFile = "/var/lib/postfix/queue/pid/master.pid";
        ExecStart = "/usr/sbin/postfix start";
        ExecStop = "/usr/sbin/postfix stop";
        ExecReload = "/usr/sbin/postfix reload";
        PrivateTmp = true;
        PrivateDevices = true;
        ProtectSystem = "full";
        RestrictRealtime = true;
      };
    };
  };
}
