# Merging attribute sets by a function per name: the old way to compose build
# arguments.
#
# Not for: new code (attrsets.nix, fixed-points.nix, the module system).
{ lib }:

let
  inherit (builtins)
    elem
    listToAttrs
    mapAttrs
    ;
  inherit (lib) concat mergeAttrs nameValuePair;

  each = value: names: listToAttrs (map (name: nameValuePair name value) names);
in
rec {
  nvs = name: value: { ${name} = value; };

  setAttr = set: name: value: set // { ${name} = value; };

  # Change one attribute, starting from a default where it is missing.
  setAttrMerge =
    name: default: attrs: f:
    setAttr attrs name (f (attrs.${name} or default));

  # As `//`, with a function where both have the name.
  mergeAttrsWithFunc =
    f: a: b:
    b // a // mapAttrs (name: value: f value b.${name}) (builtins.intersectAttrs b a);

  mergeAttrsConcatenateValues = mergeAttrsWithFunc (a: b: lib.toList a ++ lib.toList b);

  # A name on both sides is an error, unless it is one of the given ones.
  mergeAttrsNoOverride =
    {
      mergeLists ? [
        "buildInputs"
        "propagatedBuildInputs"
      ],
      overrideSnd ? [ "buildPhase" ],
    }:
    a: b:
    a
    // mapAttrs (
      name: value:
      if !(a ? ${name}) then
        value
      else if elem name mergeLists then
        value ++ a.${name}
      else if elem name overrideSnd then
        a.${name}
      else
        throw "error mergeAttrsNoOverride, attribute ${name} given in both attributes - no merge func defined"
    ) b;

  # The sets bring their own merge functions, in the attribute `mergeAttrBy`.
  mergeAttrByFunc =
    a: b:
    let
      functions = {
        mergeAttrBy = mergeAttrs;
      }
      // (a.mergeAttrBy or { })
      // (b.mergeAttrBy or { });
      both = builtins.intersectAttrs a (builtins.intersectAttrs b functions);
    in
    a // b // mapAttrs (name: f: f a.${name} b.${name}) both;

  mergeAttrsByFuncDefaults = lib.foldl mergeAttrByFunc { inherit mergeAttrBy; };

  mergeAttrsByFuncDefaultsClean = list: removeAttrs (mergeAttrsByFuncDefaults list) [ "mergeAttrBy" ];

  mergeAttrBy =
    each concat [
      "nativeBuildInputs"
      "buildInputs"
      "propagatedBuildInputs"
      "configureFlags"
      "prePhases"
      "postAll"
      "patches"
    ]
    // each mergeAttrs [
      "passthru"
      "meta"
      "cfg"
      "flags"
    ]
    // each (a: b: "${a}\n${b}") [
      "preConfigure"
      "postInstall"
    ];
}
