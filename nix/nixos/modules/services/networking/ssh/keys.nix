# Keys of users: users.users.<name>.openssh, installed as /etc/ssh/authorized_keys.d/<name>.
#
# The option exists whether or not the server is enabled; the files are written only if it is.
{ config, lib, ... }:

let
  inherit (lib) mkIf mkOption types;

  userModule = {
    options.openssh = {
      authorizedKeys = {
        keys = mkOption {
          type = types.listOf types.singleLineStr;
          default = [ ];
          example = [ "ssh-ed25519 AAAAC3Nz... alice@example.org" ];
          description = "SSH public keys that may log in as this user. The user's own file of keys counts too.";
        };
        keyFiles = mkOption {
          type = types.listOf types.path;
          default = [ ];
          description = "Files of SSH public keys that may log in as this user, read when the system is built.";
        };
      };
      authorizedPrincipals = mkOption {
        type = types.listOf types.singleLineStr;
        default = [ ];
        example = [ "example@host" "foo@bar" ];
        description = "Principals of SSH certificates that may log in as this user.";
      };
    };
  };

  filesOf = _: user:
    let
      ssh = user.openssh;
      keys = ssh.authorizedKeys.keys ++ map builtins.readFile ssh.authorizedKeys.keyFiles;
    in
    lib.optional (keys != [ ]) {
      name = "ssh/authorized_keys.d/${user.name}";
      # A file of root's that everybody may read: sshd's StrictModes is content with it.
      value = { mode = "0444"; text = lib.concatMapStrings (key: key + "\n") keys; };
    }
    ++ lib.optional (ssh.authorizedPrincipals != [ ]) {
      name = "ssh/authorized_principals.d/${user.name}";
      value = { mode = "0444"; text = lib.concatMapStrings (name: name + "\n") ssh.authorizedPrincipals; };
    };

  users = config.users.users;
  usesPrincipals = lib.any (user: user.openssh.authorizedPrincipals != [ ]) (builtins.attrValues users);
in
{
  options.users.users = mkOption {
    type = types.attrsOf (types.submodule userModule);
  };

  config = mkIf config.services.openssh.enable {
    environment.etc = builtins.listToAttrs (lib.concatLists (lib.mapAttrsToList filesOf users));
    services.openssh.authorizedKeysFiles = lib.mkMerge [
      (mkIf config.services.openssh.authorizedKeysInHomedir [ "%h/.ssh/authorized_keys" ])
      [ "/etc/ssh/authorized_keys.d/%u" ]
    ];
    services.openssh.settings.AuthorizedPrincipalsFile =
      mkIf usesPrincipals (lib.mkDefault "/etc/ssh/authorized_principals.d/%u");
  };
}
