# services.openssh.settings: the keywords of sshd_config(5), and how they become text.
#
# Any keyword may be set; those below have a type and a default of their own. A value of null leaves the keyword
# out. The lists of algorithms are the ones that the archive's OpenSSH knows: a name that sshd does not know makes it
# refuse the whole file, so post-quantum names of later releases have to be added by who installs such a release.
{ config, lib, ... }:

let
  inherit (lib) mkOption types;

  atom = types.oneOf [ types.bool types.int types.str types.path types.float ];

  keyword = type: default: description: mkOption { inherit type default description; };
  algorithms = default: description: keyword (types.nullOr (types.listOf types.str)) default description;
  people = who: description: keyword (types.nullOr (types.listOf types.str)) null ''
    ${who} ${description}. Not set when `null`.
  '';
in
{
  options.services.openssh.settings = mkOption {
    type = types.submodule {
      freeformType = types.attrsOf (types.nullOr (types.either atom (types.listOf atom)));
      options = {
        LogLevel = keyword (types.enum [ "QUIET" "FATAL" "ERROR" "INFO" "VERBOSE" "DEBUG" "DEBUG1" "DEBUG2" "DEBUG3" ]) "INFO"
          "How much the server logs. VERBOSE adds the fingerprint of the key that logged in.";
        UsePAM = keyword types.bool true "Whether logins go through PAM.";
        UseDns = keyword types.bool false "Whether to look up the name of the remote host.";
        X11Forwarding = keyword types.bool false "Whether X11 connections may be forwarded.";
        PasswordAuthentication = keyword types.bool true "Whether passwords may be used.";
        KbdInteractiveAuthentication = keyword types.bool true "Whether keyboard-interactive authentication may be used.";
        PermitRootLogin = keyword
          (types.enum [ "yes" "without-password" "prohibit-password" "forced-commands-only" "no" ]) "prohibit-password"
          "Whether root may log in.";
        GatewayPorts = keyword types.str "no" "Whether other hosts may use ports that clients forward.";
        PrintMotd = keyword types.bool false "Whether the server itself prints {file}`/etc/motd`.";
        StrictModes = keyword types.bool true "Whether the permissions of the user's files are checked at login.";
        AuthorizedPrincipalsFile = keyword (types.nullOr types.str) "none" "File of principals accepted in certificates.";
        AcceptEnv = keyword (types.nullOr (types.either types.str (types.listOf types.str))) null
          "Environment variables that the client may set.";
        Ciphers = algorithms [
          "chacha20-poly1305@openssh.com"
          "aes256-gcm@openssh.com"
          "aes128-gcm@openssh.com"
          "aes256-ctr"
          "aes192-ctr"
          "aes128-ctr"
        ] "Allowed ciphers. The server's own list with `null`.";
        Macs = algorithms [
          "hmac-sha2-512-etm@openssh.com"
          "hmac-sha2-256-etm@openssh.com"
          "umac-128-etm@openssh.com"
        ] "Allowed message authentication codes. The server's own list with `null`.";
        KexAlgorithms = algorithms [
          "sntrup761x25519-sha512@openssh.com"
          "curve25519-sha256"
          "curve25519-sha256@libssh.org"
          "diffie-hellman-group-exchange-sha256"
        ] "Allowed key exchange algorithms. The server's own list with `null`.";
        AllowUsers = people "Users, or patterns like `user@host`," "who may log in, and nobody else";
        DenyUsers = people "Users" "who may not log in";
        AllowGroups = people "Groups" "whose members may log in, and nobody else";
        DenyGroups = people "Groups" "whose members may not log in";
      };
    };
    default = { };
    example = { PasswordAuthentication = false; PermitRootLogin = "no"; };
    description = "Keywords of {manpage}`sshd_config(5)` and their values.";
  };
}
