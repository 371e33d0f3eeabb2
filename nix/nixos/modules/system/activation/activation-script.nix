# `system.activationScripts`: what brings a root file system into the state that the configuration describes.
#
# The snippets run in dependency order whenever the system starts or is switched to. A snippet that fails is reported,
# and the next one runs. Our own are for busybox alone, because the first ones run before there is a /usr; snippets
# of users are bash scripts, as on NixOS, each in a process of its own.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatStringsSep filter mkOption types;
  cfg = config.system;
  busybox = pkgs.staticBusybox;

  snippet = types.submodule {
    options = {
      deps = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Snippets that run before this one.";
      };
      text = mkOption {
        type = types.lines;
        description = "The commands.";
      };
      supportsDryActivation = mkOption {
        type = types.bool;
        default = false;
        description = ''
          Whether the snippet also runs when changes are only shown. It must then look at `NIXOS_ACTION`, and change nothing
          if that is `dry-activate`.
        '';
      };
      shell = mkOption {
        type = types.enum [ "bash" "busybox" ];
        internal = true;
        default = "bash";
        description = "What runs the snippet; `busybox` inside the script itself, with `fail` to report a failure.";
      };
    };
  };

  scripts = types.attrsOf (types.coercedTo types.str lib.noDepEntry snippet);

  # In the order of their dependencies; names that do not exist are an error.
  ordered =
    set:
    let
      missing = lib.concatLists (
        lib.mapAttrsToList (
          name: entry: map (dep: "system.activationScripts.${name}.deps names '${dep}'") (filter (dep: !(set ? ${dep})) entry.deps)
        ) set
      );
      visit =
        state: name:
        if state.done ? ${name} then
          state
        else
          let
            below = lib.foldl' visit (state // { done = state.done // { ${name} = true; }; }) set.${name}.deps;
          in
          below // { list = below.list ++ [ name ]; };
    in
    if missing != [ ] then
      throw "${concatStringsSep "; " missing}, which does not exist."
    else
      (lib.foldl' visit {
        done = { };
        list = [ ];
      } (lib.attrNames set)).list;

  # One snippet as a part of the script.
  part =
    name: entry:
    let
      delimiter = "nixos-snippet-${builtins.hashString "md5" entry.text}";
    in
    if entry.text == "" then
      ""
    else if entry.shell == "busybox" then
      ''

        # --- ${name}
        snippet=${lib.escapeShellArg name}
        ${entry.text}
      ''
    else
      ''

        # --- ${name}
        snippet=${lib.escapeShellArg name}
        run_bash << '${delimiter}'
        ${entry.text}
        ${delimiter}
      '';

  userPart = name: ''

    # --- ${name}
    _localstatus=0
    ${cfg.userActivationScripts.${name}.text}
    if [ $_localstatus != 0 ]; then printf "Activation script snippet '%s' failed (%s)\n" ${lib.escapeShellArg name} $_localstatus; fi
  '';

  script =
    { dry }:
    let
      chosen = filter (name: !dry || cfg.activationScripts.${name}.supportsDryActivation) (ordered cfg.activationScripts);
    in
    ''
      #!${busybox}/bin/sh
      # ${if dry then "Shows what activation would change." else "Brings the root file system into this system's state."}

      systemConfig=@out@
      export PATH=${busybox}/bin systemConfig
      ${lib.optionalString dry "export NIXOS_ACTION=dry-activate"}
      status=0
      umask 0022

      fail() {
        printf "Activation script snippet '%s' failed (%s)\n" "$snippet" "''${1:-$?}"
        status=1
      }

      # A snippet written for bash comes on standard input. Every failing command counts, as on NixOS.
      run_bash() {
        {
          echo "_localstatus=0; trap '_localstatus=\$?' ERR"
          cat
          echo
          echo 'exit $_localstatus'
        } > "$script"
        PATH="$systemConfig/sw/bin:$systemConfig/sw/sbin:$PATH" "$systemConfig/sw/bin/bash" "$script" < /dev/null || fail
      }
      mkdir -p /run
      script=/run/.activation-snippet.$$
      trap 'rm -f "$script"' EXIT
    ''
    + lib.concatMapStrings (name: part name cfg.activationScripts.${name}) chosen
    + (
      if dry then
        ""
      else
        ''

          # From here on this is the system that runs, and the garbage collector must know.
          ln -s "$(readlink -f "$systemConfig")" /run/.current-system.$$
          mv -Tf /run/.current-system.$$ /run/current-system
        ''
    )
    + "\nexit $status\n";
in
{
  options = {
    system.activationScripts = mkOption {
      type = scripts;
      default = { };
      example = lib.literalExpression ''
        {
          stdio.text = "ln -sfn /proc/self/fd /dev/fd";
          greeting = { deps = [ "etc" ]; text = "echo hello > /etc/greeting"; };
        }
      '';
      description = "Shell snippets that run whenever the system starts or is switched to. They must be harmless to repeat.";
    };

    system.dryActivationScript = mkOption {
      type = types.str;
      internal = true;
      readOnly = true;
      default = script { dry = true; };
      defaultText = lib.literalMD "generated";
      description = "The script behind `switch-to-configuration dry-activate`.";
    };
    system.activationScript = mkOption {
      type = types.str;
      internal = true;
      readOnly = true;
      default = script { dry = false; };
      defaultText = lib.literalMD "generated";
      description = "The whole activation script.";
    };

    system.userActivationScripts = mkOption {
      type = types.attrsOf (
        types.coercedTo types.str lib.noDepEntry (
          types.submodule {
            options = {
              deps = mkOption {
                type = types.listOf types.str;
                default = [ ];
                description = "Snippets that run before this one.";
              };
              text = mkOption {
                type = types.lines;
                description = "The commands.";
              };
            };
          }
        )
      );
      default = { };
      description = "Shell snippets that a user service runs for every user who logs in.";
    };

    environment.usrbinenv = mkOption {
      type = types.nullOr types.path;
      default = "/run/current-system/sw/bin/env";
      visible = false;
      description = "Accepted for compatibility: /usr/bin is the system's path, and env is in it.";
    };

    system.build.installBootLoader = mkOption {
      internal = true;
      default = "${busybox}/bin/true";
      defaultText = lib.literalMD "does nothing";
      type = types.either types.path types.str;
      description = "Called with the system when it becomes the default; a container has no boot loader.";
    };
  };

  config = {
    # Names that other people's snippets depend on. What they do on NixOS is done by init or by other snippets.
    system.activationScripts = {
      stdio = "";
      binsh = "";
      usrbinenv = "";
      specialfs = "";
      groups = { deps = [ "users" ]; text = ""; };
      hashes = { deps = [ "users" ]; text = ""; };
      modprobe = "";
      udevd = "";
      domain = "";
      hostname = "";
      nix = "";
      resolvconf = "";
      var = {
        shell = "busybox";
        text = ''
          mkdir -p /var/tmp /var/log /var/lib /var/cache /var/spool /var/db /var/empty || fail
          chmod 1777 /var/tmp || fail
          chmod 0555 /var/empty || fail
          for link in /var/run:../run /var/lock:../run/lock; do
            if [ ! -e "''${link%%:*}" ] && [ ! -L "''${link%%:*}" ]; then ln -s "''${link#*:}" "''${link%%:*}" || fail; fi
          done
        '';
      };
    };

    systemd.user.services.nixos-activation = lib.mkIf (cfg.userActivationScripts != { }) {
      description = "Run user-specific NixOS activation";
      unitConfig.ConditionUser = "!@system";
      serviceConfig.Type = "oneshot";
      wantedBy = [ "default.target" ];
      script = ''
        unset PATH
        export PATH=/run/current-system/sw/bin:/run/current-system/sw/sbin
        # As for the system: a snippet that fails is reported, and the next one runs.
        set +e
        _status=0
        trap '_status=1 _localstatus=$?' ERR
        ${lib.concatMapStrings userPart (ordered cfg.userActivationScripts)}
        exit $_status
      '';
    };
  };
}
