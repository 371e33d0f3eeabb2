# The options of systemd units, per kind: names, types and defaults are NixOS's.
#
# Declarations only; what they mean in a unit file is said in systemd-lib.nix, which submodule has which of them in
# systemd-types.nix.
{ lib }:

let
  inherit (lib) concatMap isList mergeEqualOption mkOption mkOptionType toList types;

  unitNameType = types.strMatching "[a-zA-Z0-9@%:_.\\-]+[.](service|socket|device|mount|automount|swap|target|path|timer|scope|slice)";

  # A setting of a unit file: one value, or a list for settings that may be repeated.
  unitOption = mkOptionType {
    name = "systemd option";
    merge =
      loc: defs:
      let
        defs' = lib.filterOverrides defs;
      in
      if builtins.any (def: isList def.value) defs' then
        concatMap (def: toList def.value) defs'
      else
        mergeEqualOption loc defs';
  };

  names = description: mkOption {
    type = types.listOf unitNameType;
    default = [ ];
    inherit description;
  };
  flag = default: description: mkOption {
    type = types.bool;
    inherit default description;
  };
  lines = description: mkOption {
    type = types.lines;
    default = "";
    inherit description;
  };
  section = name: mkOption {
    type = types.attrsOf unitOption;
    default = { };
    description = "Settings for the `[${name}]` section of the unit.";
  };
in
rec {
  inherit unitNameType unitOption;

  shared = {
    enable = flag true ''
      Whether the unit exists; if false, it is masked (a link to {file}`/dev/null`). This does not start
      it by itself, see `wantedBy`.
    '';
    overrideStrategy = mkOption {
      type = types.enum [ "asDropinIfExists" "asDropin" ];
      default = "asDropinIfExists";
      description = ''
        Whether this definition is a drop-in for a unit that a package brings: always (`asDropin`, needed for
        instances of templates) or only if there is one.
      '';
    };
    requiredBy = names "Units that require this one.";
    upheldBy = names "Units that keep this one running.";
    wantedBy = names "Units that pull this one in. `multi-user.target` starts it when the system starts.";
    aliases = names "Further names of this unit.";
  };

  # systemd.units.<name>: the finished text.
  concrete = shared // {
    text = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "The whole text of the unit file.";
    };
    unit = mkOption {
      internal = true;
      description = "A derivation with the unit file alone.";
    };
    # Not NixOS's: whether the text can stand alone. A fragment for a unit that some package brings cannot.
    complete = mkOption {
      type = types.bool;
      internal = true;
      default = true;
      description = "Whether the definition is a whole unit.";
    };
  };

  common = shared // {
    name = mkOption {
      type = types.str;
      description = "Name of the unit, with its ending.";
    };
    description = mkOption {
      type = types.singleLineStr;
      default = "";
      description = "What the unit is, in logs and listings.";
    };
    documentation = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Addresses of documentation.";
    };
    requires = names "Units that are started with this one and whose end ends it.";
    wants = names "Units that are started with this one.";
    upholds = names "Units that are kept running while this one runs.";
    after = names "Units that must have started before this one starts.";
    before = names "Units that start only after this one has started.";
    bindsTo = names "Like `requires`; this unit also stops when those disappear.";
    partOf = names "Stopping or restarting one of these does the same to this unit.";
    conflicts = names "Units that are stopped when this one starts.";
    requisite = names "Units that must be running already.";
    onFailure = names "Units that are started when this one fails.";
    onSuccess = names "Units that are started when this one ends well.";
    unitConfig = section "Unit";
    startLimitBurst = mkOption {
      type = types.int;
      description = "How often the unit may be started within `startLimitIntervalSec`.";
    };
    startLimitIntervalSec = mkOption {
      type = types.int;
      description = "Length of the interval for `startLimitBurst`, in seconds.";
    };
    restartTriggers = mkOption {
      type = types.listOf types.unspecified;
      default = [ ];
      description = "Values whose change makes a switch restart the unit.";
    };
    reloadTriggers = mkOption {
      type = types.listOf unitOption;
      default = [ ];
      description = "Values whose change makes a switch reload the unit.";
    };
  };

  service = {
    environment = mkOption {
      type = types.attrsOf (types.nullOr (types.oneOf [ types.str types.path types.package ]));
      default = { };
      description = "Environment of the service; null leaves a variable out.";
    };
    path = mkOption {
      type = types.listOf (types.oneOf [ types.package types.str ]);
      default = [ ];
      description = "Packages whose programs are in the PATH of the service.";
    };
    enableDefaultPath = flag true "Whether the usual programs of the system are in the PATH of the service.";
    enableStrictShellChecks = flag false "Accepted for compatibility: scripts are not checked by shellcheck.";
    serviceConfig = section "Service";
    script = lines "Shell commands that are the main process.";
    scriptArgs = mkOption {
      type = types.str;
      default = "";
      description = "Arguments for `script`.";
    };
    preStart = lines "Shell commands before the main process starts.";
    postStart = lines "Shell commands after the main process has started.";
    reload = lines "Shell commands that reload the service.";
    preStop = lines "Shell commands that stop the service.";
    postStop = lines "Shell commands after the service has ended.";
    jobScripts = mkOption {
      type = types.coercedTo types.path lib.singleton (types.listOf types.path);
      internal = true;
      default = [ ];
      description = "The generated scripts of the service.";
    };
    restartIfChanged = flag true "Whether a switch restarts the service when its definition has changed.";
    reloadIfChanged = flag false "Whether a switch reloads the changed service instead of restarting it.";
    stopIfChanged = flag true ''
      Whether a changed service is stopped under the old configuration and started under the new one, instead of
      being restarted in one step under the new one.
    '';
    notSocketActivated = flag false "Whether a changed service is restarted by itself even if a socket starts it.";
    confinement = mkOption {
      type = types.lazyAttrsOf types.anything;
      default = { };
      apply = value: { enable = false; } // value;
      description = "Not available here: use RootDirectory=, BindReadOnlyPaths= and the like in `serviceConfig`.";
    };
    startAt = mkOption {
      type = types.either types.str (types.listOf types.str);
      default = [ ];
      apply = toList;
      example = "Sun 14:00:00";
      description = "Calendar events (systemd.time(7)) at which a timer starts the service.";
    };
  };

  socket = {
    listenStreams = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Stream addresses to listen on (`ListenStream=`).";
    };
    listenDatagrams = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Datagram addresses to listen on (`ListenDatagram=`).";
    };
    socketConfig = section "Socket";
  };

  timer.timerConfig = section "Timer";
  path.pathConfig = section "Path";
  slice.sliceConfig = section "Slice";

  mount = {
    what = mkOption {
      type = types.str;
      description = "What is mounted: a device, file or other source.";
    };
    where = mkOption {
      type = types.str;
      description = "The mount point; the unit's name follows from it.";
    };
    type = mkOption {
      type = types.str;
      default = "";
      description = "File system type.";
    };
    options = mkOption {
      type = types.commas;
      default = "";
      description = "Mount options, separated by commas.";
    };
    mountConfig = section "Mount";
  };

  automount = {
    where = mkOption {
      type = types.str;
      description = "The mount point; the unit's name follows from it.";
    };
    automountConfig = section "Automount";
  };
}
