# Which program is the system's sendmail: mail servers and clients say it, in /run/wrappers/bin.
{ config, lib, ... }:

let
  wrapper = config.services.mail.sendmailSetuidWrapper;
in
{
  options.services.mail.sendmailSetuidWrapper = lib.mkOption {
    type = lib.types.nullOr (lib.types.attrsOf lib.types.anything);
    default = null;
    internal = true;
    description = "The wrapper `sendmail`, as one of {option}`security.wrappers`.";
  };

  config.security.wrappers = lib.mkIf (wrapper != null) { sendmail = wrapper; };
}
