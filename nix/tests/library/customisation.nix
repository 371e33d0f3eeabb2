# lib.customisation: override, callPackage, scopes, build helpers.
{ lib }:
let
  inherit (import ./rows) equal fails join throws;
  inherit (lib) callPackageWith callPackagesWith makeOverridable makeScope customisation;
  bad = throw "must not be forced";

  add = { a, b ? 10 }: { sum = a + b; };
  sum = makeOverridable add { a = 1; };
  auto = { a = 1; b = 2; openssl = 3; unused = bad; };
  call = callPackageWith auto;

  drv = derivation { name = "n"; system = "s"; builder = "b"; outputs = [ "out" "dev" ]; };
  extended = lib.extendDerivation true { extra = 5; meta.license = "x"; } drv;
  guarded = lib.extendDerivation (throw "guarded") { extra = 5; } drv;

  # A build helper in the shape of mkDerivation, without a derivation.
  mk =
    fn:
    let
      args = lib.fix (final: lib.toFunction fn final);
    in
    {
      inherit args;
      overrideAttrs = f: mk (final: let prev = lib.toFunction fn final; in prev // lib.toFunction f prev);
    };
  mkNamed = lib.extendMkDerivation {
    constructDrv = mk;
    excludeDrvArgNames = [ "secret" ];
    extendDrvArgs = final: { name ? "none", secret ? 0, ... }: { title = "${final.name}!"; number = secret; };
  };

  scope = makeScope callPackageWith (self: {
    a = 1;
    b = self.callPackage ({ a }: { value = a + 1; }) { };
    c = self.callPackage ({ b }: { value = b.value + 1; }) { };
  });

  index = prefix: lib.listToAttrs (map (n: lib.nameValuePair "${prefix}${n}" n) [ "BuildBuild" "BuildHost" "BuildTarget" "HostHost" "HostTarget" "TargetTarget" ]);
  spliced = lib.makeScopeWithSplicing' { splicePackages = s: { fromBuild = s.pkgsBuildHost; } // s.pkgsHostTarget; newScope = extra: callPackageWith extra; } {
    otherSplices = index "self";
    f = self: { x = 1; y = self.callPackage ({ x, fromBuild }: { v = "${toString x}${fromBuild}"; }) { }; };
  };
in
join [
  (equal "makeOverridable" {
    "calls the function" = [ sum.sum 11 ];
    "override changes an argument" = [ (sum.override { a = 5; }).sum 15 ];
    "override by a function of the old arguments" = [ (sum.override (old: { a = old.a + 1; })).sum 12 ];
    "override twice" = [ ((sum.override { a = 5; }).override { b = 0; }).sum 5 ];
    "the function's arguments stay visible" = [ (lib.functionArgs (makeOverridable add)) { a = false; b = true; } ];
    "override's arguments are visible" = [ (lib.functionArgs sum.override) { a = false; b = true; } ];
    "a plain result stays as it is" = [ (makeOverridable (x: x.a) { a = 3; }) 3 ];
    "a function as result stays callable" = [ (makeOverridable ({ a }: { b }: a + b) { a = 1; } { b = 2; }) 3 ];
    "a function as result can be overridden" = [ ((makeOverridable ({ a }: { b }: a + b) { a = 1; }).override { a = 10; } { b = 2; }) 12 ];
    "there is no overrideAttrs where there was none" = [ (sum ? overrideAttrs) false ];
    "overrideAttrs keeps override" = [ (((makeOverridable ({ n }: mk { name = n; }) { n = "x"; }).overrideAttrs (old: { name = old.name + "2"; })).override { n = "y"; }).args.name "y2" ];
    "overrideDerivation is there" = [ (sum ? overrideDerivation) true ];
  })
  (equal "overrideDerivation" {
    "changes what is built" = [ (lib.overrideDerivation drv (old: { name = "${old.name}2"; })).name "n2" ];
    "keeps meta" = [ (lib.overrideDerivation (drv // { meta.x = 1; }) (_: { })).meta { x = 1; } ];
    "keeps passthru" = [ (lib.overrideDerivation (drv // { passthru.tests = 1; }) (_: { })).tests 1 ];
    "is another derivation" = [ ((lib.overrideDerivation drv (_: { name = "n2"; })).drvPath != drv.drvPath) true ];
  })
  (equal "callPackageWith" {
    "fills in by name" = [ (call ({ a, b }: a + b) { }) 3 ];
    "explicit arguments win" = [ (call ({ a, b }: a + b) { b = 10; }) 11 ];
    "unused ones stay unforced" = [ (call ({ a }: a) { }) 1 ];
    "defaults count where nothing is known" = [ (call ({ a, z ? 7 }: a + z) { }) 8 ];
    "known values beat defaults" = [ (call ({ a ? 100 }: a) { }) 1 ];
    "a file" = [ (call ./files/package.nix { }).value 3 ];
    "the result has override" = [ ((call ({ a }: { v = a; }) { }).override { a = 9; }).v 9 ];
    "extra arguments reach an open pattern" = [ (call ({ a, ... }@args: args.z) { z = 4; }) 4 ];
  })
  (fails "callPackageWith" {
    "a missing argument" = [ (call ({ nothing_like_it }: 1) { }) "Function called without required argument \"nothing_like_it\" at" ];
    "a misspelt one" = [ (call ({ opensll }: 1) { }) "without required argument \"opensll\" at" ];
    "and a suggestion" = [ (call ({ opensll }: 1) { }) "did you mean \"openssl\"?" ];
    "several suggestions" = [ (callPackageWith { foo = 1; fop = 1; fox = 1; } ({ fob }: 1) { }) "did you mean \"foo\", \"fop\" or \"fox\"?" ];
  })
  (equal "callPackagesWith" {
    "fills in for the whole set" = [ (callPackagesWith auto ({ a, b }: { x.v = a; y.v = b; }) { }).y.v 2 ];
    "each one has override" = [ ((callPackagesWith auto ({ a }: { x.v = a; }) { }).x.override { a = 5; }).v 5 ];
  })
  (fails "callPackagesWith" {
    "a single derivation" = [ (callPackagesWith auto ({ a }: drv) { }) [ "was called on a *single* derivation \"n\"" "did you mean to use `callPackage` instead?" ] ];
  })
  (equal "extendDerivation" {
    "adds to the derivation" = [ extended.extra 5 ];
    "adds to every output" = [ extended.dev.extra 5 ];
    "outputs are marked as chosen" = [ extended.dev.outputSpecified true ];
    "the path stays" = [ (builtins.unsafeDiscardStringContext extended.outPath == builtins.unsafeDiscardStringContext drv.outPath) true ];
    "all lists the outputs" = [ (map (o: o.outputName) extended.all) [ "out" "dev" ] ];
    "the condition guards only the paths" = [ [ guarded.extra guarded.name ] [ 5 "n" ] ];
    "overrideAttrs of an output is that output's" = [ ((lib.extendDerivation true { overrideAttrs = f: { dev = f; }; } drv).dev.overrideAttrs 7) 7 ];
  })
  (fails "extendDerivation" {
    "the condition, for a path" = [ guarded.outPath "guarded" ];
    "the condition, for an output's path" = [ guarded.dev.drvPath "guarded" ];
  })
  (equal "hydraJob" {
    "of null" = [ (lib.hydraJob null) null ];
    "only the needed attributes" = [ (lib.attrNames (lib.hydraJob (drv // { meta = { }; extra = bad; }))) [ "dev" "drvPath" "meta" "name" "out" "outPath" "outputName" "outputs" "system" "type" ] ];
  })
  (throws "hydraJob" {
    "is strict" = lib.hydraJob (drv // { meta.x = throw "x"; });
  })
  (equal "makeScope" {
    "packages see each other" = [ scope.c.value 3 ];
    "overrideScope changes dependents" = [ (scope.overrideScope (_: _: { a = 10; })).c.value 12 ];
    "overrideScope sees what was" = [ (scope.overrideScope (_: prev: { a = prev.a + 1; })).b.value 3 ];
    "overrideScope twice" = [ ((scope.overrideScope (_: _: { a = 10; })).overrideScope (_: prev: { a = prev.a + 1; })).b.value 12 ];
    "newScope adds names" = [ (scope.newScope { z = 5; } ({ a, z }: a + z) { }) 6 ];
    "packages is the function itself" = [ (lib.fix (self: scope.packages (self // { inherit (scope) callPackage; }))).a 1 ];
    "callPackage takes explicit arguments" = [ (scope.callPackage ({ a, b }: a + b) { b = 1; }) 2 ];
  })
  (equal "makeScopeWithSplicing'" {
    "spliced names are found" = [ spliced.y.v "1BuildHost" ];
    "overrideScope" = [ (spliced.overrideScope (_: _: { x = 2; })).y.v "2BuildHost" ];
    "keep comes last" = [ ((lib.makeScopeWithSplicing' { splicePackages = s: s.pkgsHostTarget; newScope = callPackageWith; } { otherSplices = index "self"; keep = _: { x = "kept"; }; f = self: { x = 1; }; }).callPackage ({ x }: x) { }) "kept" ];
    "extra adds names" = [ ((lib.makeScopeWithSplicing' { splicePackages = s: s.pkgsHostTarget; newScope = callPackageWith; } { otherSplices = index "self"; extra = _: { e = "extra"; }; f = self: { }; }).callPackage ({ e }: e) { }) "extra" ];
    "the old form by position" = [ ((lib.makeScopeWithSplicing (s: s.pkgsHostTarget) callPackageWith (index "self") (_: { }) (_: { }) (self: { x = 1; })).callPackage ({ x }: x) { }) 1 ];
  })
  (equal "cross index" {
    "renameCrossIndexFrom" = [ (customisation.renameCrossIndexFrom "pkgs" (index "pkgs")) { buildBuild = "BuildBuild"; buildHost = "BuildHost"; buildTarget = "BuildTarget"; hostHost = "HostHost"; hostTarget = "HostTarget"; targetTarget = "TargetTarget"; } ];
    "renameCrossIndexTo is the way back" = [ (customisation.renameCrossIndexTo "self" (customisation.renameCrossIndexFrom "pkgs" (index "pkgs"))) (index "self") ];
    "mapCrossIndex" = [ (customisation.mapCrossIndex (x: x + 1) { buildBuild = 1; buildHost = 2; buildTarget = 3; hostHost = 4; hostTarget = 5; targetTarget = 6; }) { buildBuild = 2; buildHost = 3; buildTarget = 4; hostHost = 5; hostTarget = 6; targetTarget = 7; } ];
  })
  (equal "extendMkDerivation" {
    "extends a set of arguments" = [ (mkNamed { name = "x"; }).args { name = "x"; title = "x!"; number = 0; } ];
    "extends a function of the final arguments" = [ (mkNamed (final: { name = "x"; long = final.title; })).args.long "x!" ];
    "left-out arguments are seen by the extension only" = [ (mkNamed { name = "x"; secret = 7; }).args { name = "x"; title = "x!"; number = 7; } ];
    "overrideAttrs reaches the extension" = [ ((mkNamed { name = "x"; }).overrideAttrs (_: { name = "y"; })).args.title "y!" ];
    "declares the extension's arguments" = [ (lib.functionArgs mkNamed) { name = true; secret = true; } ];
    "transformDrv comes last" = [ (lib.extendMkDerivation { constructDrv = mk; extendDrvArgs = _: _: { }; transformDrv = d: d // { seen = true; }; } { }).seen true ];
    "arguments can be left out of the declaration" = [ (lib.functionArgs (lib.extendMkDerivation { constructDrv = { a, b ? 1 }: a; extendDrvArgs = _: { c, ... }: { }; excludeFunctionArgNames = [ "b" ]; })) { a = false; c = false; } ];
    "the base's arguments need not be inherited" = [ (lib.functionArgs (lib.extendMkDerivation { constructDrv = { a }: a; extendDrvArgs = _: { c, ... }: { }; inheritFunctionArgs = false; })) { c = false; } ];
    "shows what it was made of" = [ mkNamed.excludeDrvArgNames [ "secret" ] ];
  })
]
