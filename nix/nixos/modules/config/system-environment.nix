# `environment.sessionVariables`, and PATH and the other variables that follow from the profiles.
#
# Session variables are set by PAM (/etc/pam/environment) and so are there in any session; environment.variables, of which
# they are a part, only in login shells.
{ config, lib, ... }:

let
  inherit (lib) mapAttrs mkOption types;
  cfg = config.environment;
  variables = import ./variables.nix { inherit lib; };

  # pam_env's own way to say $HOME and $USER.
  forPam = builtins.replaceStrings [ "$HOME" "$USER" ] [ "@{HOME}" "@{PAM_USER}" ];

  pamVariables = variables.joined [
    (variables.pathFirst config.security.wrapperDir)
    (variables.lists cfg.sessionVariables)
    (variables.inProfiles cfg.profiles cfg.profileRelativeSessionVariables)
    variables.pathLast
  ];
in
{
  options.environment = {
    sessionVariables = mkOption {
      inherit (variables) type;
      default = { };
      apply = values: mapAttrs (_: variables.text) (lib.filterAttrs (_: value: value != null) values);
      description = ''
        Variables of every session. `$HOME` and `$USER` in them are replaced. Directories of profiles
        ({option}`environment.profileRelativeSessionVariables`) follow after a value, in PATH as well.
      '';
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
      PATH = [ "/bin" ];
      XDG_DATA_DIRS = [ "/share" ];
      TERMINFO_DIRS = [ "/share/terminfo" ];
    };
    environment.sessionVariables = {
      XDG_CONFIG_DIRS = [ "/etc/xdg" ];
    };

    # In login shells all of this, and more.
    environment.variables = cfg.sessionVariables;
    environment.profileRelativeEnvVars = lib.mkMerge [
      cfg.profileRelativeSessionVariables
      { PATH = lib.mkAfter [ "/sbin" ]; }
    ];

    environment.etc."pam/environment".text = lib.concatStrings (
      lib.mapAttrsToList (name: value: "${name}   DEFAULT=\"${forPam value}\"\n") pamVariables
    );
  };
}
