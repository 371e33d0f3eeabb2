# Scopes: sets of packages whose functions find each other by name, and the
# six-way index that cross compilation uses for them.
#
# Not for: single functions (../customisation.nix).
{ lib }:

let
  pairs = [
    "buildBuild"
    "buildHost"
    "buildTarget"
    "hostHost"
    "hostTarget"
    "targetTarget"
  ];

  upperFirst = s: lib.toUpper (builtins.substring 0 1 s) + builtins.substring 1 (-1) s;

  prefixed = prefix: pair: prefix + upperFirst pair;
in
rec {
  makeScope =
    newScope: f:
    let
      self = f self // {
        newScope = scope: newScope (self // scope);
        callPackage = self.newScope { };
        overrideScope = overlay: makeScope newScope (lib.extends overlay f);
        packages = f;
      };
    in
    self;

  # The old form, with every argument by position.
  makeScopeWithSplicing =
    splicePackages: newScope: otherSplices: keep: extra: f:
    makeScopeWithSplicing' { inherit splicePackages newScope; } {
      inherit
        otherSplices
        keep
        extra
        f
        ;
    };

  # As `makeScope`; a package found by name carries its versions for the other
  # platforms with it.
  makeScopeWithSplicing' =
    { splicePackages, newScope }@context:
    {
      otherSplices,
      keep ? (_self: { }),
      extra ? (_spliced: { }),
      f,
    }@args:
    let
      index = renameCrossIndexTo "pkgs" (
        renameCrossIndexFrom "self" (otherSplices // { selfHostTarget = self; })
      );
      spliced = splicePackages index;
      visible = extra spliced // spliced // keep self;
      self = f self // {
        newScope = scope: newScope (visible // scope);
        callPackage = newScope visible;
        # The other platforms' sets are not overridden.
        overrideScope =
          overlay: makeScopeWithSplicing' context (args // { f = lib.extends overlay f; });
        packages = f;
      };
    in
    self;

  renameCrossIndexFrom =
    prefix: index: lib.genAttrs pairs (pair: index.${prefixed prefix pair});

  renameCrossIndexTo =
    prefix: index: lib.genAttrs' pairs (pair: lib.nameValuePair (prefixed prefix pair) index.${pair});

  mapCrossIndex = f: index: lib.genAttrs pairs (pair: f index.${pair});
}
