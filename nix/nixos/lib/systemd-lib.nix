# From the options of a unit to its file: the text of each kind, the scripts of services, and the directory of all units.
#
# Pure functions over option values. The options are declared in systemd-unit-options.nix.
{ lib, config, pkgs }:

let
  inherit (lib)
    concatLists
    concatMapStrings
    concatStrings
    isList
    mapAttrsToList
    optional
    optionalAttrs
    optionalString
    toList
    ;
  fileTree = import ./file-tree.nix { inherit lib pkgs; };

  value = v: if v == true then "true" else if v == false then "false" else toString v;

  # { After = [ "a" "b" ]; } -> "After=a\nAfter=b\n"
  settings =
    attrs:
    concatStrings (
      concatLists (
        mapAttrsToList (name: v: map (one: "${name}=${value one}\n") (if isList v then v else [ v ])) attrs
      )
    );

  section = name: text: optionalString (text != "") "\n[${name}]\n${text}";

  # Dependencies of one kind go on one line.
  words = key: list: optionalAttrs (list != [ ]) { ${key} = toString list; };

  # Only equality matters, so a hash is enough: it does not make the system depend on the things themselves.
  fingerprint =
    triggers:
    builtins.hashString "sha256" (builtins.unsafeDiscardStringContext (lib.concatMapStringsSep "\n" (
      t: if builtins.isString t || builtins.isPath t || t ? outPath then "${t}" else if isList t then toString t else builtins.toJSON t
    ) triggers));

  # The [Unit] section; what the user writes in unitConfig is added to what the options say.
  unitSection =
    u:
    let
      fromOptions =
        optionalAttrs (u.description != "") { Description = u.description; }
        // words "Documentation" u.documentation
        // words "Requires" u.requires
        // words "Wants" u.wants
        // words "Upholds" u.upholds
        // words "After" u.after
        // words "Before" u.before
        // words "BindsTo" u.bindsTo
        // words "PartOf" u.partOf
        // words "Conflicts" u.conflicts
        // words "Requisite" u.requisite
        // words "OnFailure" u.onFailure
        // words "OnSuccess" u.onSuccess
        // optionalAttrs (u.restartTriggers != [ ]) { X-Restart-Triggers = fingerprint u.restartTriggers; }
        // optionalAttrs (u.reloadTriggers != [ ]) { X-Reload-Triggers = fingerprint u.reloadTriggers; };
      both = builtins.intersectAttrs fromOptions u.unitConfig;
    in
    "[Unit]\n"
    + settings (
      fromOptions
      // u.unitConfig
      // builtins.mapAttrs (
        name: own: if name == "Description" then own else toList fromOptions.${name} ++ toList own
      ) both
    );

  # systemd unquotes C-style strings; JSON's escapes are among them. A percent sign keeps its meaning (specifiers).
  # A path is copied into the store: the host's file is not there in the container.
  variable =
    unit: name: v:
    let
      line = "Environment=${builtins.toJSON "${name}=${if builtins.isPath v then "${v}" else toString v}"}\n";
    in
    if v == null then
      ""
    # systemd reads lines of up to 1 MiB.
    else if builtins.stringLength line >= 1048576 then
      throw "The value of the environment variable ‘${name}’ in systemd service ‘${unit}’ is too long."
    else
      line;

  # Programs of the whole system: links, so that services do not restart when an unrelated package moves.
  defaultPath = [ "/run/current-system/sw" ];
  searchPath = directories: "${lib.makeBinPath directories}:${lib.makeSearchPathOutput "bin" "sbin" directories}";

  serviceEnvironment =
    global: u:
    let
      directories = u.path ++ lib.optionals u.enableDefaultPath defaultPath;
    in
    optionalAttrs (directories != [ ]) { PATH = searchPath directories; } // global // u.environment;

  # [Unit] first, then the section of the kind.
  unitText = u: body: unitSection u + body;

  concrete = u: complete: text: {
    inherit (u)
      aliases
      enable
      overrideStrategy
      requiredBy
      upheldBy
      wantedBy
      ;
    inherit text complete;
  };
  hasAny = pattern: attrs: builtins.any (name: builtins.match pattern name != null) (builtins.attrNames attrs);

  pathSafe = builtins.replaceStrings [ "@" ":" "\\" "[" "]" ] [ "-" "-" "-" "" "" ];
in
rec {
  inherit value settings;

  # A script of a service: run by bash, ends at the first command that fails.
  makeJobScript =
    { name, text }:
    let
      fileName = pathSafe name;
    in
    "${
      pkgs.writeTextFile {
        name = "unit-script-${fileName}";
        executable = true;
        destination = "/bin/${fileName}";
        text = "#!${pkgs.runtimeShell}\nset -e\n${text}\n";
      }
    }/bin/${fileName}";

  serviceToUnit =
    global: u:
    concrete u (hasAny "ExecStart|ExecStop|SuccessAction" u.serviceConfig) (
      unitText u (
        section "Service" (
          concatStrings (mapAttrsToList (variable u.name) (serviceEnvironment global u))
          + (
            if u.reloadIfChanged then
              "X-ReloadIfChanged=true\n"
            else
              optionalString (!u.restartIfChanged) "X-RestartIfChanged=false\n"
          )
          + optionalString (!u.stopIfChanged) "X-StopIfChanged=false\n"
          + optionalString u.notSocketActivated "X-NotSocketActivated=true\n"
          + settings u.serviceConfig
        )
      )
    );

  socketToUnit =
    u:
    concrete u (u.listenStreams != [ ] || u.listenDatagrams != [ ] || hasAny "Listen.*" u.socketConfig) (
      unitText u (
        section "Socket" (
          concatMapStrings (address: "ListenStream=${address}\n") u.listenStreams
          + concatMapStrings (address: "ListenDatagram=${address}\n") u.listenDatagrams
          + settings u.socketConfig
        )
      )
    );

  timerToUnit = u: concrete u (hasAny "On.*" u.timerConfig) (unitText u (section "Timer" (settings u.timerConfig)));

  pathToUnit =
    u: concrete u (hasAny "(Path|Directory).*" u.pathConfig) (unitText u (section "Path" (settings u.pathConfig)));

  sliceToUnit = u: concrete u false (unitText u (section "Slice" (settings u.sliceConfig)));
  targetToUnit = u: concrete u false (unitText u "");

  mountToUnit =
    u:
    concrete u true (
      unitText u (
        section "Mount" (
          settings (
            {
              What = u.what;
              Where = u.where;
            }
            // optionalAttrs (u.type != "") { Type = u.type; }
            // optionalAttrs (u.options != "") { Options = u.options; }
            // u.mountConfig
          )
        )
      )
    );

  automountToUnit =
    u: concrete u true (unitText u (section "Automount" (settings ({ Where = u.where; } // u.automountConfig))));

  # One unit alone, for those who ask for systemd.units.<name>.unit.
  makeUnit =
    name: unit:
    pkgs.writeTextFile {
      name = "unit-${pathSafe name}";
      destination = "/${name}";
      text = if unit.enable && unit.text != null then unit.text else "";
    };

  # The directory of all units (/etc/systemd/system or user): files, drop-ins, links. See generate-units.awk.
  generateUnits =
    {
      type ? "system",
      units,
      # Packages whose units are linked in, and extended by definitions of the same name.
      packages ? [ ],
      # Where units that need no link are found: the system's own /usr.
      path ? null,
      # Names that make no sense in this system; a definition of the same name wins.
      masked ? [ ],
      # Further links: name -> target.
      links ? { },
    }:
    let
      row = name: u: "unit\t${name}\t${if u.enable && u.text != null then "1" else "0"}\t${u.overrideStrategy}\t${
        if u.complete then "1" else "0"
      }\n"
      + concatMapStrings (alias: "alias\t${name}\t${alias}\n") u.aliases
      + concatMapStrings (target: "wants\t${name}\t${target}\n") u.wantedBy
      + concatMapStrings (target: "requires\t${name}\t${target}\n") u.requiredBy
      + concatMapStrings (target: "upholds\t${name}\t${target}\n") u.upheldBy;
      table =
        concatStrings (mapAttrsToList row units)
        + concatMapStrings (name: optionalString (!(units ? ${name})) "mask\t${name}\n") masked
        + concatStrings (mapAttrsToList (name: target: "link\t${name}\t${target}\n") links);
      texts = lib.mapAttrs (_: u: u.text) (lib.filterAttrs (_: u: u.enable && u.text != null) units);
    in
    pkgs.runCommand "${type}-units" {
      inherit table type;
      texts = fileTree.encode texts;
      passAsFile = [ "table" "texts" ];
      packages = map toString packages;
      upstream = optionalString (path != null) "${path}/lib/systemd/${type}";
      preferLocalBuild = true;
      allowSubstitutes = false;
    } ''
      mkdir -p $out
      sh ${./link-package-units.sh}
      generate() {
        awk -v out="$out" -v upstream="$upstream" -v sep=${fileTree.separator} -v pass=$1 -f ${./generate-units.awk} \
          part=table "$tablePath" part=texts "$2"
      }
      generate 1 /dev/null > directories
      sh -e directories
      generate 2 "$textsPath" > links
      sh -e links
    '';
}
