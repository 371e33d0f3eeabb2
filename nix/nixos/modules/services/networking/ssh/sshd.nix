# Runs the SSH server: sshd_config, host keys, units, PAM, firewall.
#
# Host keys are made by a unit of their own that starts with the machine, so that the first connection does not wait
# and `show-host-key` has an answer. Only the RSA key is slow (seconds): it is made last, in a second unit that nothing
# waits for; sshd leaves out keys that do not exist yet, and socket-activated servers find it at the next connection.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings concatStringsSep escapeShellArg isBool isList mkDefault mkIf mkMerge mkOrder optionalString;
  cfg = config.services.openssh;

  # sshd_config(5): these keywords take one comma-separated argument, other lists are separated by spaces.
  commaSeparated = [
    "Ciphers" "Macs" "KexAlgorithms" "HostKeyAlgorithms" "PubkeyAcceptedAlgorithms" "PubkeyAcceptedKeyTypes"
    "CASignatureAlgorithms" "HostbasedAcceptedAlgorithms"
  ];
  word = value: if isBool value then (if value then "yes" else "no") else toString value;
  setting = name: value:
    if isList value then
      optionalString (value != [ ])
        "${name} ${concatStringsSep (if builtins.elem name commaSeparated then "," else " ") (map word value)}\n"
    else "${name} ${word value}\n";
  settings = lib.concatStrings (lib.mapAttrsToList setting (lib.filterAttrs (_: value: value != null) cfg.settings));

  bracket = address: if lib.hasInfix ":" address then "[${address}]" else address;

  configuration = ''
    AddressFamily ${if config.networking.enableIPv6 then "any" else "inet"}
    ${concatMapStrings (port: "Port ${toString port}\n") cfg.ports}
    ${concatMapStrings ({ addr, port, ... }: ''
      ListenAddress ${if port == null then addr else "${bracket addr}:${toString port}"}
    '') cfg.listenAddresses}
    ${settings}
    AuthorizedKeysFile ${toString cfg.authorizedKeysFiles}
    ${optionalString (cfg.authorizedKeysCommand != "none") ''
      AuthorizedKeysCommand ${cfg.authorizedKeysCommand}
      AuthorizedKeysCommandUser ${cfg.authorizedKeysCommandUser}
    ''}
    ${optionalString (cfg.banner != null) "Banner ${pkgs.writeText "ssh-banner" cfg.banner}"}
    ${optionalString cfg.allowSFTP
      "Subsystem sftp ${cfg.sftpServerExecutable} ${toString cfg.sftpFlags}"}
    ${concatMapStrings (key: "HostKey ${key.path}\n") cfg.hostKeys}
  '';
  # Empty optional parts leave empty lines behind.
  compact = text: concatMapStrings (line: line + "\n") (builtins.filter (line: lib.trim line != "") (lib.splitString "\n" text));

  sshd = "${cfg.package}/usr/sbin/sshd";

  makeKey = key: ''
    if ! [ -s ${escapeShellArg key.path} ]; then
      mkdir -p -m 0755 "$(dirname ${escapeShellArg key.path})"
      # Under another name first: an interrupted run must not leave half a key.
      rm -f ${escapeShellArg key.path}.new ${escapeShellArg key.path}.new.pub
      ssh-keygen -q -N "" -t ${escapeShellArg key.type} ${
        optionalString (key ? bits) "-b ${toString key.bits} "
      }${
        optionalString (key ? rounds) "-a ${toString key.rounds} "
      }-C ${escapeShellArg (key.comment or "root@${config.networking.hostName}")} -f ${escapeShellArg key.path}.new
      mv -f ${escapeShellArg key.path}.new.pub ${escapeShellArg key.path}.pub
      mv -f ${escapeShellArg key.path}.new ${escapeShellArg key.path}
    fi
  '';
  slow = key: key.type == "rsa" || key.type == "dsa";
  quickKeys = builtins.filter (key: !slow key) cfg.hostKeys;
  slowKeys = builtins.filter slow cfg.hostKeys;
  # With slow keys alone there is nothing to serve until they exist.
  waitedFor = if quickKeys == [ ] then slowKeys else quickKeys;
  notWaitedFor = if quickKeys == [ ] then [ ] else slowKeys;

  keygen = description: keys: {
    inherit description;
    wantedBy = [ "multi-user.target" ];
    unitConfig.ConditionFileNotEmpty = map (key: "|!${key.path}") keys;
    path = [ pkgs.openssh-client ];
    serviceConfig.Type = "oneshot";
    script = concatMapStrings makeKey keys;
  };

  service = {
    after = [ "network.target" "sshd-keygen.service" ];
    wants = [ "sshd-keygen.service" ];
    stopIfChanged = false;
    path = [ pkgs.openssh-client ];
    restartTriggers = [ (builtins.hashString "sha256" cfg.extraConfig) ];
    serviceConfig = {
      KillMode = "process";
      RuntimeDirectory = "sshd";
      RuntimeDirectoryMode = "0755";
      # Shared by all instances: the first that ends must not take it away.
      RuntimeDirectoryPreserve = true;
    };
  };
in
{
  config = mkMerge [
    (mkIf cfg.enable {
      assertions =
        map ({ addr, ... }: {
          assertion = addr != null;
          message = "addr must be specified in each listenAddresses entry";
        }) cfg.listenAddresses
        ++ [
          {
            assertion = lib.unique cfg.ports == cfg.ports;
            message = "services.openssh.ports lists a port twice";
          }
        ];

      users.users.sshd = {
        isSystemUser = true;
        group = "sshd";
        description = "SSH privilege separation user";
        home = "/run/sshd";
      };
      users.groups.sshd = { };

      services.openssh = {
        moduliFile = mkDefault "${pkgs.openssh-client}/etc/ssh/moduli";
        sftpServerExecutable = mkDefault "${pkgs.openssh-sftp-server}/usr/lib/openssh/sftp-server";
        # Before whatever the user adds: a Match block lasts until the end of the file.
        extraConfig = mkOrder 0 (compact configuration);
      };

      environment.etc = {
        "ssh/moduli".source = cfg.moduliFile;
        "ssh/sshd_config".text = cfg.extraConfig;
      };

      networking.firewall.allowedTCPPorts = mkIf cfg.openFirewall cfg.ports;

      security.pam.services.sshd = {
        startSession = true;
        showMotd = true;
        unixAuth =
          if cfg.settings.PasswordAuthentication || cfg.settings.KbdInteractiveAuthentication then mkDefault true else false;
      };
    })

    (mkIf (cfg.generateHostKeys && waitedFor != [ ]) {
      systemd.services.sshd-keygen = keygen "SSH host keys" waitedFor;
    })
    (mkIf (cfg.generateHostKeys && notWaitedFor != [ ]) {
      systemd.services.sshd-keygen-slow = mkMerge [
        (keygen "SSH host keys that take long to make" notWaitedFor)
        {
          # Not a oneshot: the machine counts as started when this has begun, not when it has finished.
          serviceConfig.Type = lib.mkForce "simple";
          serviceConfig.Nice = 19; # not the idle policy: on a busy machine such a process does not even get to end
          # A server that started without this key has to read it.
          script = lib.mkAfter (
            optionalString (cfg.enable && !cfg.startWhenNeeded) "systemctl --no-block try-reload-or-restart sshd.service\n"
          );
        }
      ];
    })

    (mkIf (cfg.enable && cfg.startWhenNeeded) {
      systemd.sockets.sshd = {
        description = "SSH Socket";
        wantedBy = [ "sockets.target" ];
        socketConfig = {
          ListenStream =
            if cfg.listenAddresses == [ ] then cfg.ports
            else lib.concatMap ({ addr, port, ... }:
              map (p: "${bracket addr}:${toString p}") (if port != null then [ port ] else cfg.ports)
            ) cfg.listenAddresses;
          Accept = true;
          # A burst of connections from scanners must not switch the socket off.
          TriggerLimitIntervalSec = 0;
        };
      };
      systemd.services."sshd@" = mkMerge [
        service
        {
          description = "SSH per-connection Daemon";
          serviceConfig = {
            # A failed login is not a failed unit.
            ExecStart = "-${sshd} -i -f /etc/ssh/sshd_config";
            StandardInput = "socket";
            StandardError = "journal";
          };
        }
      ];
    })

    (mkIf (cfg.enable && !cfg.startWhenNeeded) {
      systemd.services.sshd = mkMerge [
        service
        {
          description = "SSH Daemon";
          wantedBy = [ "multi-user.target" ];
          serviceConfig = {
            ExecStartPre = "${sshd} -t -f /etc/ssh/sshd_config";
            ExecStart = "${sshd} -D -f /etc/ssh/sshd_config";
            ExecReload = "${pkgs.staticBusybox}/bin/kill -HUP $MAINPID";
            Restart = "always";
            Type = "notify";
          };
        }
      ];
    })
  ];
}
