# Functions that can be called again with other arguments (`override`), called
# with arguments found by name (`callPackage`), and sets of packages that see
# each other (scopes).
#
# Not for: derivations as values (derivations.nix), package meta (meta.nix).
# What is done to one derivation's outputs lives in customisation/outputs.nix.
{ lib }:

let
  inherit (builtins)
    attrNames
    concatStringsSep
    filter
    intersectAttrs
    isAttrs
    mapAttrs
    removeAttrs
    ;
  inherit (lib) functionArgs isFunction mirrorFunctionArgs setFunctionArgs;
  outputs = import ./customisation/outputs.nix { inherit lib; };
  scopes = import ./customisation/scopes.nix { inherit lib; };

  load = fn: if isFunction fn then fn else import fn;

  # `, did you mean "a", "b" or "c"?`, or nothing.
  suggest =
    wanted: known:
    let
      near = lib.take 3 (
        lib.sortOn (lib.strings.levenshtein wanted) (
          filter (lib.strings.levenshteinAtMost 2 wanted) known
        )
      );
      quoted = map (name: "\"${name}\"") near;
      list =
        if builtins.length quoted == 1 then
          builtins.head quoted
        else
          concatStringsSep ", " (lib.init quoted) + " or " + lib.last quoted;
    in
    lib.optionalString (near != [ ]) ", did you mean ${list}?";
in
rec {
  inherit (outputs) extendDerivation hydraJob overrideDerivation;
  inherit (scopes)
    makeScope
    makeScopeWithSplicing
    makeScopeWithSplicing'
    mapCrossIndex
    renameCrossIndexFrom
    renameCrossIndexTo
    ;

  # The result of `f args`, plus ways to call `f` again: with changed
  # arguments, or with the result changed afterwards. The declared arguments
  # of `f` stay visible.
  makeOverridable =
    f:
    let
      likeF = mirrorFunctionArgs f;
      call =
        args:
        let
          result = f args;
          changed = new: args // (if isFunction new then new args else new);
          override = likeF (new: makeOverridable f (changed new));
          mapResult = g: makeOverridable (likeF (args': g (f args'))) args;
        in
        if isAttrs result then
          result
          // {
            inherit override;
            overrideDerivation = new: mapResult (drv: outputs.overrideDerivation drv new);
            # A null name adds no attribute.
            ${if result ? overrideAttrs then "overrideAttrs" else null} =
              new: mapResult (drv: drv.overrideAttrs new);
          }
        else if isFunction result then
          setFunctionArgs result (functionArgs result) // { inherit override; }
        else
          result;
    in
    likeF call;

  # A missing argument aborts, so that `tryEval` cannot make it look like a
  # package that merely does not evaluate here.
  callPackageWith =
    autoArgs: fn: args:
    let
      f = load fn;
      declared = functionArgs f;
      passed = intersectAttrs declared autoArgs // args;
      missing = filter (name: !declared.${name}) (attrNames (removeAttrs declared (attrNames passed)));
      name = builtins.head missing;
      position = builtins.unsafeGetAttrPos name declared;
      where = if position == null then "<unknown location>" else "${position.file}:${toString position.line}";
    in
    if missing == [ ] then
      makeOverridable f passed
    else
      abort (
        "lib.customisation.callPackageWith: Function called without required argument \"${name}\" at ${where}"
        + suggest name (attrNames (autoArgs // args))
      );

  # As `callPackageWith` for a function that returns a set of packages: each of
  # them gets its own `override`.
  callPackagesWith =
    autoArgs: fn: args:
    let
      f = load fn;
      passed = intersectAttrs (functionArgs f) autoArgs // args;
      packages = f passed;
      one = name: _: makeOverridable (mirrorFunctionArgs f (args': (f args').${name})) passed;
    in
    if lib.isDerivation packages then
      throw "function `callPackages` was called on a *single* derivation \"${
        packages.name or "<unknown-name>"
      }\"; did you mean to use `callPackage` instead?"
    else
      mapAttrs one packages;

  # A new build helper on top of an existing one: the caller's arguments, as a
  # set or as a function of the final arguments, pass through `extendDrvArgs`.
  extendMkDerivation =
    {
      constructDrv,
      excludeDrvArgNames ? [ ],
      excludeFunctionArgNames ? [ ],
      extendDrvArgs,
      inheritFunctionArgs ? true,
      transformDrv ? lib.id,
    }:
    let
      extended =
        given: final:
        let
          args = lib.toFunction given final;
        in
        removeAttrs args excludeDrvArgNames // extendDrvArgs final args;
      inherited = lib.optionalAttrs inheritFunctionArgs (
        removeAttrs (functionArgs constructDrv) excludeDrvArgNames
      );
      declared = removeAttrs (inherited // functionArgs (extendDrvArgs { })) excludeFunctionArgNames;
    in
    setFunctionArgs (given: transformDrv (constructDrv (extended given))) declared
    // {
      inherit
        constructDrv
        excludeDrvArgNames
        extendDrvArgs
        transformDrv
        ;
    };
}
