# `stdenv.mkDerivation` and what surrounds it: from attributes to a derivation
# that busybox builds. Every builder of this folder goes through here.
#
# For: names, inputs, programs of the archive as tools, meta, passthru,
# overrideAttrs. Not for: what a build does (setup.sh, phases.sh).
{
  lib,
  system,
  bootstrap,
  toolsEnv,
  runtimeShell,
}:
let
  inherit (builtins)
    concatLists
    filter
    isAttrs
    isFunction
    isString
    removeAttrs
    ;

  inputLists = [
    "nativeBuildInputs"
    "buildInputs"
    "propagatedBuildInputs"
    "propagatedNativeBuildInputs"
    "depsBuildBuild"
    "nativeCheckInputs"
    "checkInputs"
  ];

  # Consumed here; not for the builder's environment.
  ownAttributes = [
    "meta"
    "passthru"
    "env"
    "archiveTools"
    "pos"
    "strictDeps"
    "enableParallelBuilding"
    "hardeningDisable"
    "__structuredAttrs"
    "__darwinAllowLocalNetworking"
  ];

  isArchive = package: isAttrs package && (package ? archive || package.archiveShaped or false);

  # The container's shell is an input only of builds that put it into a script:
  # a system would have to have it, and every build to wait for it.
  writesScripts =
    attrs:
    !(attrs ? buildCommand)
    || lib.any (word: builtins.replaceStrings [ word ] [ "" ] attrs.buildCommand != attrs.buildCommand) [
      "Wrapper"
      "wrapProgram"
      "patchShebangs"
      "runtimeShell"
    ];

  make =
    attrs:
    let
      inputs = lib.genAttrs (filter (list: attrs ? ${list}) inputLists) (
        list: lib.flatten (filter (x: x != null) (lib.toList attrs.${list}))
      );
      allInputs = concatLists (builtins.attrValues inputs);

      # Packages that the build runs: named as inputs, or called by their path in
      # its text. `archiveTools = false` says that nothing of the archive runs.
      tools =
        if attrs.archiveTools or true == false then
          [ ]
        else
          toolsEnv.namesOf (filter isArchive allInputs) (
            filter isString [
              attrs.buildCommand or null
              attrs.buildPhase or null
              attrs.installPhase or null
              attrs.checkPhase or null
            ]
          );

      name =
        attrs.name or (
          if attrs ? pname then
            "${attrs.pname}-${attrs.version or (throw "mkDerivation: `${attrs.pname}' has a `pname' but neither `version' nor `name'")}"
          else
            throw "mkDerivation: neither `name' nor `pname' is given"
        );

      environment =
        removeAttrs attrs (ownAttributes ++ inputLists)
        // attrs.env or { }
        # Packages of the archive are seen through the tools' tree. As inputs they
        # would count as parts of the system.
        // lib.mapAttrs (_: list: filter (package: !isArchive package) list) inputs
        // {
          inherit name system;
          busybox = bootstrap.busybox;
          builder = "${bootstrap.busybox}/bin/sh";
          args = [
            "-e"
            ./setup.sh
          ];
          replaceAwk = ./replace.awk;
        }
        // lib.optionalAttrs (!(attrs ? buildCommand)) { phasesScript = ./phases.sh; }
        // lib.optionalAttrs (writesScripts attrs) { inherit runtimeShell; }
        // lib.optionalAttrs (tools != [ ]) {
          archiveUsr = toolsEnv.make tools;
          archiveViewScript = ./archive-view.sh;
          archiveRunScript = ./archive-run.sh;
          setupScript = ./setup.sh;
        };

      drv =
        if attrs.__structuredAttrs or false then
          throw "${name}: `__structuredAttrs' needs bash arrays; builds of the embedded packages run in busybox sh"
        else
          derivation environment;
    in
    {
      inherit name drv;
    };

  mkDerivation =
    argument:
    let
      attrsOf = final: if isFunction argument then argument final else argument;
      attrs = attrsOf finalAttrs;
      finalAttrs = attrs // {
        finalPackage = package;
        overrideAttrs = package.overrideAttrs;
      };
      built = make attrs;
      extras = {
        inherit (built) name;
        meta = {
          name = built.name;
          available = true;
          broken = false;
          unfree = false;
          insecure = false;
          outputsToInstall = [ (builtins.head (attrs.outputs or [ "out" ])) ];
          position = null;
        }
        // attrs.meta or { };
        passthru = attrs.passthru or { };
        overrideAttrs =
          change:
          mkDerivation (
            final:
            let
              previous = attrsOf final;
            in
            previous // lib.toExtension change final previous
          );
      };
      outputs = attrs.outputs or [ "out" ];
      # All outputs carry the same extras, as the set itself does.
      package =
        built.drv
        // extras
        // extras.passthru
        // lib.genAttrs outputs (output: built.drv.${output} // extras // extras.passthru);
    in
    package;
in
{
  inherit mkDerivation;
}
