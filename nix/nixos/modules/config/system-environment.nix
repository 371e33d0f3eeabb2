# `environment.sessionVariables`, PATH and the other variables that follow from the profiles.
#
# Session variables are set by PAM (/etc/pam/environment) and so are there in any session; environment.variables only in
# login shells.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStringsSep concatStringsSep mapAttrs mapAttrsToList mkOption types;
  cfg = config.environment;

  # The variable may be unset, and what would be left is a path from the root.
  profiles = lib.unique (map (builtins.replaceStrings [ "\${XDG_STATE_HOME}" ] [ "$HOME/.local/state" ]) cfg.profiles);

  inProfiles = suffixes: lib.concatMap (profile: map (suffix: "${profile}${suffix}") suffixes) profiles;

  # pam_env's own way to say $HOME and $USER.
  forPam = builtins.replaceStrings [ "$HOME" "$USER" ] [ "@{HOME}" "@{PAM_USER}" ];

  pamVariables = mapAttrs (_: forPam) (
    cfg.sessionVariables // mapAttrs (_: suffixes: concatStringsSep ":" (inProfiles suffixes)) cfg.profileRelativeSessionVariables
    // {
      PATH = "${config.security.wrapperDir}:${
        concatMapStringsSep ":" (profile: "${profile}/bin") profiles
      }:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin";
    }
  );
in
{
  options.environment = {
    sessionVariables = mkOption {
      type = import ./variables-type.nix { inherit lib; };
      default = { };
      apply =
        variables:
        mapAttrs (_: value: if lib.isList value then concatMapStringsSep ":" toString value else toString value) (
          lib.filterAttrs (_: value: value != null) variables
        );
      description = "Variables of every session. `$HOME` and `$USER` in them are replaced.";
    };

    profileRelativeSessionVariables = mkOption {
      type = types.attrsOf (types.listOf types.str);
      default = { };
      example = { MANPATH = [ "/man" "/share/man" ]; };
      description = "Variables of every session that list a directory of each profile.";
    };
  };

  config = {
    environment.profiles = lib.mkAfter [
      "/nix/var/nix/profiles/default"
      "/run/current-system/sw"
    ];

    environment.profileRelativeSessionVariables = {
      XDG_DATA_DIRS = [ "/share" ];
      TERMINFO_DIRS = [ "/share/terminfo" ];
    };
    environment.sessionVariables = {
      XDG_CONFIG_DIRS = [ "/etc/xdg" ];
    };

    environment.variables =
      mapAttrs (_: value: lib.mkDefault value) cfg.sessionVariables
      // {
        PATH = lib.mkDefault "${config.security.wrapperDir}:${
          concatMapStringsSep ":" (profile: "${profile}/bin:${profile}/sbin") profiles
        }:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin";
        PAGER = lib.mkDefault "less";
        EDITOR = lib.mkDefault "vi";
      }
      // mapAttrs (_: suffixes: lib.mkDefault (concatStringsSep ":" (inProfiles suffixes))) (
        cfg.profileRelativeSessionVariables // cfg.profileRelativeEnvVars
      );

    environment.etc."pam/environment".text = lib.concatStrings (
      mapAttrsToList (name: value: "${name}   DEFAULT=\"${value}\"\n") pamVariables
    );
  };
}
