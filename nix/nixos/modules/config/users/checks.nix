# Assertions and warnings about declared users and groups; the same ones, with the same words, as on NixOS.
{ config, lib, pkgs, ... }:

let
  inherit (lib) any attrNames attrValues concatLists concatStringsSep elem filter filterAttrs mapAttrsToList optional optionals unique xor;
  cfg = config.users;
  users = attrValues cfg.users;

  allowsLogin = hash: hash == "" || !elem hash [ null "!" "!!" "*" ];

  numbersAreUnique = attribute: accounts:
    let
      numbers = filter (number: number != null) (map (account: account.${attribute}) accounts);
      double = attrNames (filterAttrs (_: same: builtins.length same > 1) (builtins.groupBy toString numbers));
    in
    double == [ ] || builtins.trace "Duplicate ${attribute} ${concatStringsSep ", " double}" false;

  groupNames = builtins.listToAttrs (map (group: { inherit (group) name; value = true; }) (attrValues cfg.groups));
  withoutGroup = filterAttrs (_: user: user.group != "" && !(groupNames ? ${user.group})) cfg.users;
  withoutShell = attrNames (filterAttrs (_: user: user.shell == null) cfg.users);

  canLogIn = user:
    (user.name == "root" || user.group == "wheel" || elem "wheel" user.extraGroups)
    && (
      allowsLogin user.hashedPassword || user.password != null || user.hashedPasswordFile != null
      || (user.openssh.authorizedKeys.keys or [ ]) != [ ] || (user.openssh.authorizedKeys.keyFiles or [ ]) != [ ]
    );

  forUser = name: user: [
    {
      assertion = builtins.match "[a-zA-Z0-9_.][a-zA-Z0-9_.-]*" user.name != null;
      message = ''The username "${user.name}" is not valid, it does not match the regex "[a-zA-Z0-9_.][a-zA-Z0-9_.-]*".'';
    }
    {
      assertion = user.hashedPassword == null || builtins.match ".*:.*" user.hashedPassword == null;
      message = ''The password hash of user "${user.name}" contains a ":" character, which /etc/shadow cannot hold. Please check the value of option `users.users."${user.name}".hashedPassword`.'';
    }
    {
      assertion = user.isNormalUser && user.uid != null -> user.uid >= 1000;
      message = ''
        A user cannot have a users.users.${user.name}.uid set below 1000 and set users.users.${user.name}.isNormalUser.
        Either users.users.${user.name}.isSystemUser must be set to true instead of users.users.${user.name}.isNormalUser
        or users.users.${user.name}.uid must be changed to 1000 or above.
      '';
    }
    {
      assertion = xor (user.isSystemUser || (user.uid != null && user.uid < 1000 && !user.isNormalUser)) user.isNormalUser;
      message = ''
        Exactly one of users.users.${user.name}.isSystemUser and users.users.${user.name}.isNormalUser must be set.
      '';
    }
    {
      assertion = user.group != "";
      message = ''
        users.users.${user.name}.group is unset. This used to default to
        nogroup, but this is unsafe. For example you can create a group
        for this user with:
        users.users.${user.name}.group = "${user.name}";
        users.groups.${user.name} = {};
      '';
    }
    {
      assertion = user.linger != null -> cfg.manageLingering;
      message = "users.manageLingering is set to false, but users.users.${user.name}.linger is configured.";
    }
  ]
  ++ map (shell: {
    assertion =
      !user.ignoreShellProgramCheck && lib.isDerivation user.shell && lib.getName user.shell == shell
      -> config.programs.${shell}.enable or true;
    message = ''
      users.users.${user.name}.shell is set to ${shell}, but
      programs.${shell}.enable is not true. This will cause the ${shell}
      shell to lack the basic nix directories in its PATH and might make
      logging in as that user impossible. You can fix it with:
      programs.${shell}.enable = true;

      If you know what you're doing and you are fine with the behavior,
      set users.users.${user.name}.ignoreShellProgramCheck = true;
      instead.
    '';
  }) [ "fish" "xonsh" "zsh" ];

  ambiguous = user:
    let
      set = filter (option: user.${option} != null) (
        [ "hashedPassword" "hashedPasswordFile" "password" ]
        ++ optionals cfg.mutableUsers [ "initialHashedPassword" "initialPassword" ]
      );
    in
    optional (builtins.length set > 1) (
      "The user '${user.name}' has multiple of the options `initialHashedPassword`, `hashedPassword`, "
      + "`initialPassword`, `password` & `hashedPasswordFile` set to a non-null value: ${concatStringsSep ", " set}. "
      + "hashedPasswordFile wins over password, password over hashedPassword, and the initial ones come last."
    );

  # $id$[options$]salt$hash, with the schemes that the archive's libcrypt knows.
  isHash = builtins.match "\\$(y|gy|7|2[abxy]|6|5|sha1|md5|1)(\\$[a-z0-9-]+=[a-zA-Z0-9/+.-]+(,[a-z0-9-]+=[a-zA-Z0-9/+.-]+)*)?(\\$[a-zA-Z0-9./]+)+";
in
{
  config = {
    assertions = [
      {
        assertion =
          !cfg.enforceIdUniqueness
          || (numbersAreUnique "uid" (filter (user: user.enable) users) && numbersAreUnique "gid" (attrValues cfg.groups));
        message = "UIDs and GIDs must be unique!";
      }
      {
        assertion = withoutGroup == { };
        message = ''
          The following users have a primary group that is undefined: ${concatStringsSep " " (attrNames withoutGroup)}
          Hint: Add this to your NixOS configuration:
            ${concatStringsSep "\n  " (map (group: "users.groups.${group} = {};") (unique (mapAttrsToList (_: user: user.group) withoutGroup)))}
        '';
      }
      {
        assertion = !cfg.mutableUsers -> withoutShell == [ ];
        message = ''
          users.mutableUsers = false has been set,
          but found users that have their shell set to null.
          If you wish to disable login, set their shell to pkgs.shadow (the default).
          Misconfigured users: ${concatStringsSep " " withoutShell}
        '';
      }
      {
        # A container can always be entered from its host, so unlike on NixOS this is only asked of other systems.
        assertion = cfg.mutableUsers || cfg.allowNoPasswordLogin || config.boot.isContainer || any canLogIn users;
        message = ''
          Neither the root account nor any wheel user has a password or SSH authorized key.
          You must set one to prevent being locked out of your system.
          If you really want to be locked out of your system, set users.allowNoPasswordLogin = true;
          However you are most probably better off by setting users.mutableUsers = true; and
          manually running passwd root to set the root password.
        '';
      }
    ]
    ++ concatLists (mapAttrsToList forUser cfg.users);

    warnings =
      lib.concatMap ambiguous users
      ++ lib.concatMap (
        user:
        optional (allowsLogin user.hashedPassword && user.hashedPassword != "" && isHash user.hashedPassword == null) (
          "The password hash of user \"${user.name}\" may be invalid. You must set a valid hash or the user will be "
          + "locked out of their account. Please check the value of option `users.users.\"${user.name}\".hashedPassword`."
        )
      ) users
      ++ mapAttrsToList (
        name: _: "The option `users.users.\"${name}\".passwordFile' has been renamed to `users.users.\"${name}\".hashedPasswordFile'."
      ) (filterAttrs (_: user: user.passwordFile != null) cfg.users);
  };
}
