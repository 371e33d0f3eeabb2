# `users.users` and `users.groups`: declared accounts, and the snippet that merges them into /etc/passwd.
#
# Here: options and what the activation script is told (config.system.build.accounts). The merge itself is
# update-accounts.sh; rules about good declarations are in checks.nix, accounts that every system has in base.nix.
{ config, lib, pkgs, utils, ... }:

let
  inherit (lib) attrValues concatMap concatMapStrings concatStringsSep filter filterAttrs mapAttrsToList mkDefault mkIf mkMerge mkOption optional types;
  cfg = config.users;

  shortName = what: name:
    if builtins.stringLength name < 32 then name
    else throw "${what} '${name}' is longer than 31 characters which is not allowed!";

  secret = description: mkOption {
    type = types.nullOr types.str;
    default = null;
    inherit description;
  };
  switch = default: description: mkOption {
    type = types.bool;
    inherit default description;
  };
  range = start: types.submodule {
    options = {
      ${start} = mkOption {
        type = types.int;
        description = "First number of the range.";
      };
      count = mkOption {
        type = types.int;
        default = 1;
        description = "How many numbers.";
      };
    };
  };

  user =
    { name, config, ... }:
    {
      options = {
        enable = switch true "Whether the account exists.";
        name = mkOption {
          type = types.passwdEntry types.str;
          apply = shortName "Username";
          description = "Name of the account; the name of the attribute by default.";
        };
        description = mkOption {
          type = types.passwdEntry types.str;
          default = "";
          example = "Alice Q. User";
          description = "Usually the person's full name.";
        };
        uid = mkOption {
          type = types.nullOr types.int;
          default = null;
          description = "Number of the user; null: a free one, which the system then remembers.";
        };
        isSystemUser = switch false "Whether this is an account of a service; its number is then below 1000.";
        isNormalUser = switch false ''
          Whether this is a person's account: group `users`, a home directory, the default shell, a number from 1000 on.
        '';
        group = mkOption {
          type = types.str;
          apply = shortName "Group name";
          default = "";
          description = "The primary group.";
        };
        extraGroups = mkOption {
          type = types.listOf types.str;
          default = [ ];
          description = "Further groups.";
        };
        home = mkOption {
          type = types.passwdEntry types.path;
          default = "/var/empty";
          description = "Home directory.";
        };
        homeMode = mkOption {
          type = types.strMatching "[0-7]{1,5}";
          default = "700";
          description = "Access mode of the home directory, if `createHome` makes it.";
        };
        createHome = switch false "Whether to make the home directory and keep its owner and mode right.";
        cryptHomeLuks = secret "Accepted for compatibility: a container has no disks.";
        pamMount = mkOption {
          type = types.attrsOf types.str;
          default = { };
          description = "Accepted for compatibility.";
        };
        shell = mkOption {
          type = types.nullOr (types.either types.package (types.passwdEntry types.path));
          default = "/usr/sbin/nologin";
          example = lib.literalExpression "pkgs.zsh";
          description = "Login shell, a path or a package; null leaves what the account has.";
        };
        ignoreShellProgramCheck = switch false "Whether a shell without its `programs.<shell>.enable` is accepted.";
        useDefaultShell = switch false "Whether the shell is {option}`users.defaultUserShell`.";
        subUidRanges = mkOption {
          type = types.listOf (range "startUid");
          default = [ ];
          description = "Subordinate user numbers (subuid(5)).";
        };
        subGidRanges = mkOption {
          type = types.listOf (range "startGid");
          default = [ ];
          description = "Subordinate group numbers (subgid(5)).";
        };
        autoSubUidGidRange = switch false "Whether to choose a range of 65536 subordinate numbers.";
        hashedPassword = mkOption {
          type = types.nullOr (types.passwdEntry types.str);
          default = null;
          description = "Hash of the password, as `mkpasswd` prints it. Empty: no password is asked for. Null: none works.";
        };
        password = secret "The password in clear, readable by everybody in the store.";
        hashedPasswordFile = mkOption {
          type = types.nullOr types.str;
          default = config.passwordFile;
          defaultText = lib.literalExpression "null";
          description = "File inside the container with the hash of the password, read at each activation.";
        };
        passwordFile = mkOption {
          type = types.nullOr types.str;
          default = null;
          visible = false;
          description = "Older name of hashedPasswordFile.";
        };
        initialHashedPassword = mkOption {
          type = types.nullOr (types.passwdEntry types.str);
          default = null;
          description = "Hash of the password that a new account gets.";
        };
        initialPassword = secret "Password in clear that a new account gets, readable by everybody in the store.";
        packages = mkOption {
          type = types.listOf types.package;
          default = [ ];
          description = "Packages for this user alone.";
        };
        expires = mkOption {
          type = types.nullOr (types.strMatching "[[:digit:]]{4}-[[:digit:]]{2}-[[:digit:]]{2}");
          default = null;
          example = "2030-12-31";
          description = "Day from which the account is locked.";
        };
        linger = mkOption {
          type = types.nullOr types.bool;
          default = null;
          description = "Whether the user's units run without a login; null leaves it to loginctl.";
        };
      };

      config = mkMerge [
        {
          name = mkDefault name;
          shell = mkIf config.useDefaultShell (mkDefault cfg.defaultUserShell);
        }
        (mkIf config.isNormalUser {
          group = mkDefault "users";
          createHome = mkDefault true;
          home = mkDefault "${cfg.defaultUserHome}/${config.name}";
          homeMode = mkDefault "700";
          useDefaultShell = mkDefault true;
          isSystemUser = mkDefault false;
        })
        # With immutable accounts the first password is the only one.
        (mkIf (!cfg.mutableUsers && config.initialPassword != null) { password = mkDefault config.initialPassword; })
        (mkIf (!cfg.mutableUsers && config.initialHashedPassword != null) {
          hashedPassword = mkDefault config.initialHashedPassword;
        })
        (mkIf (config.isNormalUser && config.subUidRanges == [ ] && config.subGidRanges == [ ]) {
          autoSubUidGidRange = mkDefault true;
        })
      ];
    };

  group =
    { name, config, ... }:
    {
      options = {
        name = mkOption {
          type = types.passwdEntry types.str;
          description = "Name of the group; the name of the attribute by default.";
        };
        gid = mkOption {
          type = types.nullOr types.int;
          default = null;
          description = "Number of the group; null: a free one, which the system then remembers.";
        };
        members = mkOption {
          type = types.listOf (types.passwdEntry types.str);
          default = [ ];
          description = "Members, besides the users who name the group in `extraGroups`.";
        };
      };
      config = {
        name = mkDefault name;
        members = membersOf.${config.name} or [ ];
      };
    };

  users = filter (u: u.enable) (attrValues cfg.users);

  # group -> names of users, in one pass over the users.
  membersOf = builtins.mapAttrs (_: map (pair: pair.user)) (
    builtins.groupBy (pair: pair.group) (concatMap (u: map (group: { inherit group; user = u.name; }) u.extraGroups) users)
  );

  or' = fallback: value: if value == null then fallback else toString value;
  line = fields: concatStringsSep "\t" fields + "\n";

  # Which password applies: later ones of nixpkgs' documented order win; the initial ones only count for new accounts,
  # and then below all others.
  password =
    u:
    let
      row = kind: value: optional (value != null) (line [ "password" u.name kind value ]);
      first = list: if list == [ ] then "" else builtins.head list;
    in
    concatStringsSep "" (row "file" u.hashedPasswordFile)
    + first (
      row "plain" u.password ++ row "hashed" u.hashedPassword ++ row "first-plain" u.initialPassword
      ++ row "first-hashed" u.initialHashedPassword
    );

  userRows =
    u:
    line [
      "user"
      u.name
      (or' "-" u.uid)
      u.group
      u.description
      u.home
      (if u.shell == null then "-" else utils.toShellPath u.shell)
      (if u.isSystemUser then "1" else "0")
      (if u.createHome then u.homeMode else "-")
      (or' "-" u.expires)
    ]
    + password u
    + concatMapStrings (r: line [ "subuid" u.name (toString r.startUid) (toString r.count) ]) u.subUidRanges
    + concatMapStrings (r: line [ "subgid" u.name (toString r.startGid) (toString r.count) ]) u.subGidRanges
    + lib.optionalString u.autoSubUidGidRange (line [ "autosub" u.name ]);

  groupRow = g: line [ "group" g.name (or' "-" g.gid) (concatStringsSep "," (lib.unique g.members)) ];

  lingering = wanted: map (u: u.name) (filter (u: u.linger == wanted) users);
in
{
  imports = [
    (lib.mkAliasOptionModule [ "users" "extraUsers" ] [ "users" "users" ])
    (lib.mkAliasOptionModule [ "users" "extraGroups" ] [ "users" "groups" ])
    (lib.mkRenamedOptionModule [ "security" "initialRootPassword" ] [ "users" "users" "root" "initialHashedPassword" ])
  ];

  options.users = {
    mutableUsers = switch true ''
      Whether accounts may be added and passwords changed in the running system. If false, activation makes
      {file}`/etc/passwd`, {file}`/etc/group` and all passwords what the configuration says.
    '';
    enforceIdUniqueness = switch true "Whether two accounts with one number are an error.";
    allowNoPasswordLogin = switch false "Whether a system that nobody can log in to is accepted.";
    manageLingering = switch true "Whether `users.users.<name>.linger` is applied.";
    defaultUserHome = mkOption {
      type = types.str;
      default = "/home";
      description = "Directory of the home directories of normal users.";
    };
    users = mkOption {
      type = types.attrsOf (types.submodule user);
      default = { };
      example = {
        alice = {
          isNormalUser = true;
          extraGroups = [ "wheel" ];
        };
      };
      description = "Accounts.";
    };
    groups = mkOption {
      type = types.attrsOf (types.submodule group);
      default = { };
      example = { students.gid = 1001; };
      description = "Groups.";
    };
  };

  config = {
    system.build.accounts =
      "mutable\t${if cfg.mutableUsers then "1" else "0"}\n"
      + concatMapStrings groupRow (attrValues cfg.groups)
      + concatMapStrings userRows users;

    system.activationScripts.users = {
      supportsDryActivation = true;
      shell = "busybox";
      text = ''
        sh ${./update-accounts.sh} "$systemConfig/users/accounts" "$systemConfig/users/packages" ${./merge-accounts.awk} "" \
          || fail
      '';
    };

    # People log in here, or have units of their own: then sessions are kept by logind, which needs a running bus.
    environment.systemPackages =
      filter lib.isDerivation (map (u: u.shell) users)
      ++ lib.optionals (config.services.logind.enable) [ pkgs.dbus pkgs.libpam-systemd ];

    environment.etc = lib.mapAttrs' (_: u: {
      name = "profiles/per-user/${u.name}";
      value.source = pkgs.buildEnv {
        name = "user-environment";
        paths = u.packages;
        inherit (config.environment) pathsToLink extraOutputsToInstall;
      };
    }) (filterAttrs (_: u: u.packages != [ ]) cfg.users);

    environment.profiles = [
      "$HOME/.nix-profile"
      "\${XDG_STATE_HOME}/nix/profile"
      "$HOME/.local/state/nix/profile"
      "/etc/profiles/per-user/$USER"
    ];

    systemd.services.linger-users = mkIf (cfg.manageLingering && lingering true ++ lingering false != [ ]) {
      description = "Lingering of declared users";
      wantedBy = [ "multi-user.target" ];
      after = [ "systemd-logind.service" ];
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        StateDirectory = "systemd/linger";
      };
      script =
        concatMapStrings (name: "loginctl enable-linger ${lib.escapeShellArg name}\n") (lingering true)
        + concatMapStrings (name: "loginctl disable-linger ${lib.escapeShellArg name}\n") (lingering false);
    };
  };
}
