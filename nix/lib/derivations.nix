# Derivations as values: lazy stand-ins, attributes that disappear, warnings at
# the moment of use.
#
# Not for: changing how something is built (customisation.nix).
{ lib }:

let
  inherit (builtins) mapAttrs removeAttrs unsafeGetAttrPos;
  show = lib.generators.toPretty { multiline = false; };

  # ",\n    at file:line:column" where the evaluator knows it.
  attrPosition =
    name: attrs:
    let
      pos = unsafeGetAttrPos name attrs;
    in
    lib.optionalString (pos != null) ",\n    at ${pos.file}:${toString pos.line}:${toString pos.column}";

  packagePosition =
    pkg:
    lib.optionalString (builtins.isString (pkg.meta.position or null)) ",\n    defined at ${pkg.meta.position}";

  outputsMessage = args: derivation: outputs: ''
    lib.lazyDerivation: The derivation ${derivation.name or "<unknown>"} has outputs that don't match the assumed outputs.

    Assumed outputs passed to lazyDerivation${attrPosition "outputs" args}:
        ${show outputs};

    Actual outputs of the derivation${packagePosition derivation}:
        ${show derivation.outputs}

    Pass the actual outputs, in the same order, as the `outputs` argument of lib.lazyDerivation.
    If they cannot be known before the derivation is evaluated, pass the derivation's own
    `outputs`: nothing is lazy then, but superfluous attributes are still left out.
    Otherwise use the derivation without lib.lazyDerivation.
  '';
in
{
  addDrvOutputDependencies =
    builtins.addDrvOutputDependencies
      or (_: throw "lib.derivations.addDrvOutputDependencies needs Nix 2.20 or newer");
  inherit (builtins) unsafeDiscardOutputDependency;

  # Looks like a derivation before the real one is evaluated; every attribute
  # that comes from the real one checks it first.
  lazyDerivation =
    {
      derivation,
      meta ? null,
      passthru ? { },
      outputs ? [ "out" ],
    }@args:
    let
      checked =
        if (derivation.type or null) != "derivation" then
          throw "lazyDerivation: input must be a derivation."
        else if derivation.outputs != outputs then
          throw (outputsMessage args derivation outputs)
        else
          derivation;
    in
    {
      type = "derivation";
      inherit (checked)
        outPath
        outputName
        drvPath
        name
        system
        ;
      inherit outputs;
      meta = args.meta or checked.meta;
    }
    // lib.genAttrs outputs (output: checked.${output})
    // passthru;

  # A null attribute is left out of a derivation's environment.
  optionalDrvAttr = cond: value: if cond then value else null;

  # Looking at what a package is does not warn; using it does.
  warnOnInstantiate =
    message: drv:
    drv
    // mapAttrs (_: lib.warn message) (
      removeAttrs drv [
        "meta"
        "name"
        "type"
        "outputName"
      ]
    );
}
