# Derivations seen as attribute sets: is it one, and which of its outputs.
#
# Not for: changing derivations (customisation.nix) or their meta (meta.nix).
{ lib }:

rec {
  isDerivation = value: value.type or null == "derivation";

  # A store path dressed as a derivation: enough for places that read
  # `outPath` and `name`, and nothing that could be built.
  toDerivation =
    path:
    let
      storePath = builtins.storePath path;
      drv = {
        type = "derivation";
        name = lib.strings.sanitizeDerivationName (
          builtins.unsafeDiscardStringContext (builtins.substring 33 (-1) (baseNameOf storePath))
        );
        outPath = storePath;
        outputs = [ "out" ];
        out = drv;
        outputName = "out";
      };
    in
    drv;

  # The output, or `out`, or the package itself. A package on which an output
  # was chosen already stays as it is: the function is idempotent.
  getOutput =
    output: pkg:
    if pkg.outputSpecified or false then pkg else pkg.${output} or pkg.out or pkg;

  # The first of the candidates that the package has, else the package itself.
  getFirstOutput =
    candidates: pkg:
    let
      present = builtins.filter (output: pkg ? ${output}) candidates;
    in
    if pkg.outputSpecified or false || present == [ ] then pkg else pkg.${builtins.head present};

  getBin = getOutput "bin";
  getLib = getOutput "lib";
  getStatic = getFirstOutput [ "static" "lib" "out" ];
  getDev = getOutput "dev";
  getInclude = getFirstOutput [ "include" "dev" "out" ];
  getMan = getOutput "man";

  chooseDevOutputs = map getDev;

  recurseIntoAttrs = attrs: attrs // { recurseForDerivations = true; };

  dontRecurseIntoAttrs = attrs: attrs // { recurseForDerivations = false; };
}
