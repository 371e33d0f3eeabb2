# msmtp, a sendmail that hands mail to another server: programs.msmtp.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatStrings mapAttrsToList mkEnableOption mkIf mkOption types;
  cfg = config.programs.msmtp;

  word = value: if value == true then "on" else if value == false then "off" else toString value;
  lines = settings: concatStrings (mapAttrsToList (name: value: "${name} ${word value}\n") settings);
in
{
  options.programs.msmtp = {
    enable = mkEnableOption "msmtp, which hands mail to a server";
    package = mkOption { type = types.package; default = pkgs.msmtp; defaultText = lib.literalExpression "pkgs.msmtp"; description = "The package of msmtp."; };
    setSendmail = mkOption { type = types.bool; default = true; description = "Whether it is the system's `sendmail`."; };
    defaults = mkOption {
      type = types.attrs;
      default = { };
      example = { aliases = "/etc/aliases"; port = 587; tls = true; };
      description = "Settings of all accounts, as in {manpage}`msmtp(1)`.";
    };
    accounts = mkOption {
      type = types.attrsOf types.attrs;
      default = { };
      example = { default = { host = "smtp.example"; auth = true; user = "someone"; passwordeval = "cat /secrets/password.txt"; }; };
      description = "Accounts, by name; the one named `default` is used unless told otherwise.";
    };
    extraConfig = mkOption { type = types.lines; default = ""; description = "Text for the end of {file}`/etc/msmtprc`."; };
  };

  config = mkIf cfg.enable {
    # msmtp-mta is the link /usr/sbin/sendmail, where programs of the archive look.
    environment.systemPackages = [ cfg.package ] ++ lib.optional cfg.setSendmail pkgs.msmtp-mta;
    services.mail.sendmailSetuidWrapper = mkIf cfg.setSendmail {
      program = "sendmail";
      source = "${cfg.package}/usr/bin/msmtp";
      setuid = false;
      setgid = false;
      owner = "root";
      group = "root";
    };
    environment.etc.msmtprc.text =
      "defaults\n${lines cfg.defaults}\n"
      + concatStrings (mapAttrsToList (name: settings: "account ${name}\n${lines settings}\n") cfg.accounts)
      + cfg.extraConfig;
  };
}
