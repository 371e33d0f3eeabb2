# The tables of Postfix that options say: aliases, rewritten addresses, ways and checks; and the settings that name them.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings mkIf mkMerge optional optionalString;
  cfg = config.services.postfix;

  table = name: text: { mapFiles.${name} = pkgs.writeText "postfix-${name}" text; };
  colon = optionalString (cfg.aliasMapType == "hash") ":";
  aliases =
    optionalString (cfg.postmasterAlias != "") "postmaster${colon} ${cfg.postmasterAlias}\n"
    + optionalString (cfg.rootAlias != "") "root${colon} ${cfg.rootAlias}\n"
    + cfg.extraAliases;
in
{
  config.services.postfix = mkIf cfg.enable (mkMerge [
    (mkIf (aliases != "") {
      aliasFiles.aliases = pkgs.writeText "postfix-aliases" aliases;
      settings.main.alias_maps = [ "${cfg.aliasMapType}:/etc/postfix/aliases" ];
    })
    (mkIf (cfg.canonical != "") (table "canonical" cfg.canonical // { settings.main.canonical_maps = [ "hash:/etc/postfix/canonical" ]; }))
    (mkIf (cfg.transport != "") (table "transport" cfg.transport // { settings.main.transport_maps = [ "hash:/etc/postfix/transport" ]; }))
    (mkIf (cfg.virtual != "") (table "virtual" cfg.virtual // { settings.main.virtual_alias_maps = [ "${cfg.virtualMapType}:/etc/postfix/virtual" ]; }))
    (mkIf (cfg.localRecipients != null) (
      table "local_recipients" (concatMapStrings (who: "${who} ACCEPT\n") cfg.localRecipients)
      // { settings.main.local_recipient_maps = [ "hash:/etc/postfix/local_recipients" ] ++ optional (aliases != "") "$alias_maps"; }
    ))
    (mkIf cfg.enableHeaderChecks (
      table "header_checks" (concatMapStrings (check: "${check.pattern} ${check.action}\n") cfg.headerChecks + cfg.extraHeaderChecks)
      // { settings.main.header_checks = [ "regexp:/etc/postfix/header_checks" ]; }
    ))
    (mkIf (cfg.dnsBlacklists != [ ]) (
      table "client_access" cfg.dnsBlacklistOverrides
      // {
        settings.main.smtpd_client_restrictions =
          optional (cfg.dnsBlacklistOverrides != "") "check_client_access hash:/etc/postfix/client_access"
          ++ map (list: "reject_rbl_client ${list}") cfg.dnsBlacklists;
      }
    ))
  ]);
}
