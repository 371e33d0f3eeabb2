# The services that Postfix is made of: services.postfix.settings.master, and the file master.cf.
{ config, lib, ... }:

let
  inherit (lib) concatLists concatMapStrings concatStringsSep mapAttrsToList mkIf mkOption optionalString types;
  cfg = config.services.postfix;

  maybe = type: description: mkOption { type = types.nullOr type; default = null; inherit description; };
  yesNo = value: if value then "y" else "n";
  orDash = show: value: if value == null then "-" else show value;

  service = { name, config, ... }: {
    options = {
      name = mkOption { type = types.str; default = name; description = "Name of the service, or its port."; };
      type = mkOption { type = types.enum [ "inet" "unix" "unix-dgram" "fifo" "pass" ]; default = "unix"; description = "Kind of its socket."; };
      private = maybe types.bool "Whether only Postfix may use it.";
      privileged = maybe types.bool "Whether it runs as root.";
      chroot = maybe types.bool "Whether it sees the queue alone.";
      wakeup = maybe types.int "Seconds after which it is woken; 0 for never.";
      wakeupUnusedComponent = maybe types.bool "Whether it is woken although nobody has used it.";
      maxproc = maybe types.int "How many processes; 0 for any number.";
      command = mkOption { type = types.str; default = name; description = "The program."; };
      args = mkOption { type = types.listOf types.str; default = [ ]; description = "Its arguments."; };
      rawEntry = mkOption { type = types.listOf types.str; default = [ ]; internal = true; description = "The fields of its line."; };
    };
    config.rawEntry = [
      config.name
      config.type
      (orDash yesNo config.private)
      (orDash (value: yesNo (!value)) config.privileged)
      # Not the archive's default, which wants copies of many files below the queue.
      (orDash yesNo (if config.chroot == null then false else config.chroot))
      (orDash (seconds: toString seconds + optionalString (config.wakeupUnusedComponent == false) "?") config.wakeup)
      (orDash toString config.maxproc)
      (config.command + concatMapStrings (arg: (if lib.hasPrefix "-" arg then "\n  " else " ") + arg) config.args)
    ];
  };

  listening = { type = "inet"; private = false; command = "smtpd"; };
  overriding = settings: { args = concatLists (mapAttrsToList (name: value: [ "-o" "${name}=${value}" ]) settings); };
  weak = builtins.elem (cfg.submissionsOptions.smtpd_tls_security_level or "none") [ "none" "may" ];
in
{
  options.services.postfix.settings.master = mkOption {
    type = types.attrsOf (types.submodule service);
    default = { };
    example = { submission = { type = "inet"; args = [ "-o" "smtpd_tls_security_level=encrypt" ]; }; };
    description = "Services of {file}`master.cf`, as in {manpage}`master(5)`.";
  };

  config = mkIf cfg.enable {
    services.postfix.settings.master = lib.mkMerge [
      {
        pickup = { private = false; wakeup = 60; maxproc = 1; };
        cleanup = { private = false; maxproc = 0; };
        qmgr = { private = false; wakeup = 300; maxproc = 1; };
        tlsmgr = { wakeup = 1000; wakeupUnusedComponent = false; maxproc = 1; };
        rewrite.command = "trivial-rewrite";
        bounce.maxproc = 0;
        defer = { maxproc = 0; command = "bounce"; };
        trace = { maxproc = 0; command = "bounce"; };
        verify.maxproc = 1;
        flush = { private = false; wakeup = 1000; wakeupUnusedComponent = false; maxproc = 0; };
        proxymap = { };
        proxywrite = { maxproc = 1; command = "proxymap"; };
        showq.private = false;
        error = { };
        retry.command = "error";
        discard = { };
        local.privileged = true;
        virtual.privileged = true;
        lmtp = { };
        anvil.maxproc = 1;
        scache.maxproc = 1;
        postlog = { type = "unix-dgram"; private = false; maxproc = 1; command = "postlogd"; };
        smtp = { };
        relay = { command = "smtp"; args = [ "-o" "smtp_fallback_relay=" ]; };
      }
      (mkIf cfg.enableSmtp { smtp_inet = listening // { name = "smtp"; }; })
      (mkIf cfg.enableSubmission { submission = listening // overriding cfg.submissionOptions; })
      (mkIf cfg.enableSubmissions {
        submissions = listening // overriding (
          cfg.submissionsOptions // { smtpd_tls_wrappermode = "yes"; } // lib.optionalAttrs weak { smtpd_tls_security_level = "encrypt"; }
        );
      })
    ];
    environment.etc."postfix/master.cf" = {
      mode = "0644";
      text = concatMapStrings (entry: concatStringsSep "  " entry.rawEntry + "\n") (builtins.attrValues cfg.settings.master) + cfg.extraMasterConf;
    };
  };
}
