# Changing a derivation after it was made: its attributes, what its outputs
# carry, what of it a build farm needs.
#
# Not for: calling the function that made it again (../customisation.nix).
{ lib }:

let
  inherit (builtins) listToAttrs map seq;
  inherit (lib) nameValuePair optionalAttrs;
in
rec {
  # The new derivation's path depends on the old one's, so that an evaluation
  # error of the old one is not lost.
  overrideDerivation =
    drv: f:
    let
      passthru = {
        meta = drv.meta or { };
        passthru = drv.passthru or { };
      }
      // (drv.passthru or { })
      // optionalAttrs (drv ? __spliced) {
        __spliced = builtins.mapAttrs (_: spliced: overrideDerivation spliced f) drv.__spliced;
      };
    in
    extendDerivation (seq drv.drvPath true) passthru (derivation (drv.drvAttrs // f drv));

  # Every output gets the extra attributes; the paths are guarded by the
  # condition, everything else can be looked at without it.
  extendDerivation =
    condition: passthru: drv:
    let
      guard = value: assert condition; value;
      common =
        drv
        // listToAttrs outputs
        // { all = map (output: output.value) outputs; }
        // passthru;
      outputs = map (
        name:
        nameValuePair name (
          common
          // {
            inherit (drv.${name}) type outputName;
            outputSpecified = true;
            drvPath = guard drv.${name}.drvPath;
            outPath = guard drv.${name}.outPath;
          }
          // optionalAttrs (passthru ? overrideAttrs) {
            overrideAttrs = f: (passthru.overrideAttrs f).${name};
          }
        )
      ) (drv.outputs or [ "out" ]);
    in
    common
    // {
      drvPath = guard drv.drvPath;
      outPath = guard drv.outPath;
    };

  # Only what a build farm reads, evaluated to the bottom so that nothing
  # keeps the rest of the package set alive.
  hydraJob =
    drv:
    let
      names = drv.outputs or [ "out" ];
      common = {
        inherit (drv) name system meta;
        outputs = names;
      }
      // optionalAttrs (drv._hydraAggregate or false) {
        _hydraAggregate = true;
        constituents = map hydraJob (lib.flatten drv.constituents);
      }
      // listToAttrs outputs;
      outputs = map (
        outputName:
        nameValuePair outputName (
          common
          // {
            inherit (drv.${outputName}) outPath drvPath;
            type = "derivation";
            inherit outputName;
          }
        )
      ) names;
      job = (builtins.head outputs).value;
    in
    if drv == null then null else builtins.deepSeq job job;
}
