# lib.derivations and lib.meta.
{ lib }:
let
  inherit (import ./rows) equal fails join prints;
  inherit (lib) lazyDerivation getExe getExe' meta;
  bad = throw "must not be forced";
  fake = {
    type = "derivation";
    outputs = [ "out" ];
    out = "the output";
    outPath = "/out";
    outputName = "out";
    drvPath = "/out.drv";
    name = "fake-1.0";
    system = "s";
    meta = { };
    extra = 1;
  };
  linux = lib.systems.elaborate "x86_64-linux";
  tool = { type = "derivation"; name = "tool-1.0"; outPath = "/tool"; meta.mainProgram = "tl"; };
in
join [
  (equal "lazyDerivation" {
    "its names need no derivation" = [ (lib.attrNames (lazyDerivation { derivation = bad; })) [ "drvPath" "meta" "name" "out" "outPath" "outputName" "outputs" "system" "type" ] ];
    "other outputs" = [ (lib.attrNames (lazyDerivation { derivation = bad; outputs = [ "a" "b" ]; })) [ "a" "b" "drvPath" "meta" "name" "outPath" "outputName" "outputs" "system" "type" ] ];
    "passthru needs no derivation" = [ (lazyDerivation { derivation = bad; passthru.tests = 1; }).tests 1 ];
    "meta given needs no derivation" = [ (lazyDerivation { derivation = bad; meta = { x = 1; }; }).meta { x = 1; } ];
    "the rest comes from the derivation" = [ (lazyDerivation { derivation = fake; }) (removeAttrs fake [ "extra" ]) ];
    "is a derivation at once" = [ (lib.isDerivation (lazyDerivation { derivation = bad; })) true ];
  })
  (fails "lazyDerivation" {
    "something else than a derivation" = [ (lazyDerivation { derivation = { }; }).name "lazyDerivation: input must be a derivation." ];
    "other outputs than assumed" = [ (lazyDerivation { derivation = fake; outputs = [ "out" "dev" ]; }).name [ "lib.lazyDerivation: The derivation fake-1.0 has outputs that don't match the assumed outputs" "[ \"out\" \"dev\" ]" ] ];
  })
  (equal "optionalDrvAttr" {
    "set" = [ (lib.optionalDrvAttr true 1) 1 ];
    "not set" = [ (lib.optionalDrvAttr false bad) null ];
  })
  (equal "warnOnInstantiate" {
    "name and meta do not warn" = [ (let d = lib.warnOnInstantiate (throw "warned") fake; in [ d.name d.type d.meta d.outputName ]) [ "fake-1.0" "derivation" { } "out" ] ];
  })
  (prints "warnOnInstantiate" {
    "the path warns" = [ (lib.warnOnInstantiate "old package" fake).outPath "/out" "evaluation warning: old package" ];
  })
  (equal "meta attributes" {
    "addMetaAttrs" = [ (lib.addMetaAttrs { b = 2; } { meta = { a = 1; b = 1; }; }).meta { a = 1; b = 2; } ];
    "addMetaAttrs where there was none" = [ (lib.addMetaAttrs { a = 1; } { }).meta { a = 1; } ];
    "addMetaAttrs through overrideAttrs" = [ (lib.addMetaAttrs { b = 2; } { overrideAttrs = f: f { meta.a = 1; }; }) { meta = { a = 1; b = 2; }; } ];
    "dontDistribute" = [ (lib.dontDistribute { }).meta.hydraPlatforms [ ] ];
    "setName" = [ (lib.setName "new" { name = "old"; }).name "new" ];
    "updateName" = [ (lib.updateName (n: "${n}!") { name = "old"; }).name "old!" ];
    "appendToName goes before the version" = [ (lib.appendToName "with-x" { name = "tool-1.0"; }).name "tool-with-x-1.0" ];
    "appendToName without a version" = [ (lib.appendToName "with-x" { name = "tool"; }).name "tool-with-x" ];
    "mapDerivationAttrset" = [ (lib.mapDerivationAttrset (_: "mapped") { d = tool; n = 1; s = { }; }) { d = "mapped"; n = 1; s = { }; } ];
    "setPrio, lowPrio, hiPrio" = [ (map (f: (f { }).meta.priority) [ (lib.setPrio 3) lib.lowPrio lib.hiPrio ]) [ 3 10 (-10) ] ];
    "lowPrioSet, hiPrioSet" = [ [ (lib.lowPrioSet { d = tool; n = 1; }).d.meta.priority (lib.hiPrioSet { d = tool; }).d.meta.priority ] [ 10 (-10) ] ];
    "the default priority" = [ meta.defaultPriority 5 ];
  })
  (equal "platforms" {
    "platformMatch a system" = [ [ (meta.platformMatch linux "x86_64-linux") (meta.platformMatch linux "aarch64-linux") ] [ true false ] ];
    "platformMatch without a system" = [ (meta.platformMatch { } "x86_64-linux") false ];
    "platformMatch a pattern" = [ [ (meta.platformMatch { parsed.kernel.name = "linux"; } { kernel.name = "linux"; }) (meta.platformMatch { parsed.kernel.name = "linux"; } { kernel.name = "bsd"; }) ] [ true false ] ];
    "platformMatch a whole pattern" = [ (meta.platformMatch { parsed.cpu.bits = 64; isStatic = true; } { parsed = { }; isStatic = true; }) true ];
    "availableOn without platforms" = [ (meta.availableOn linux { }) true ];
    "availableOn one of them" = [ (meta.availableOn linux { meta.platforms = [ "aarch64-linux" "x86_64-linux" ]; }) true ];
    "availableOn none of them" = [ (meta.availableOn linux { meta.platforms = [ "aarch64-linux" ]; }) false ];
    "availableOn a bad one" = [ (meta.availableOn linux { meta = { platforms = [ "x86_64-linux" ]; badPlatforms = [ "x86_64-linux" ]; }; }) false ];
  })
  (equal "licenses" {
    "licensesSpdx is by SPDX id" = [ (lib.licensesSpdx.MIT.spdxId == "MIT" && lib.licensesSpdx.MIT == lib.licenses.mit) true ];
    "getLicenseFromSpdxId" = [ (lib.getLicenseFromSpdxId "MIT" == lib.licenses.mit) true ];
    "getLicenseFromSpdxId in any case" = [ (lib.getLicenseFromSpdxId "mIt" == lib.licenses.mit) true ];
    "getLicenseFromSpdxIdOr" = [ (lib.getLicenseFromSpdxIdOr "No such" null) null ];
    "getLicenseFromSpdxIdOr does not force the default" = [ (lib.getLicenseFromSpdxIdOr "MIT" bad == lib.licenses.mit) true ];
  })
  (prints "licenses" {
    "getLicenseFromSpdxId of an unknown one" = [ (lib.getLicenseFromSpdxId "MY LICENSE") { shortName = "MY LICENSE"; } "getLicenseFromSpdxId: No license matches the given SPDX ID: MY LICENSE" ];
  })
  (equal "getExe" {
    "the main program" = [ (getExe tool) "/tool/bin/tl" ];
    "another program" = [ (getExe' tool "other") "/tool/bin/other" ];
    "from the bin output" = [ (getExe' (tool // { bin = { outPath = "/b"; }; }) "x") "/b/bin/x" ];
  })
  (prints "getExe" {
    "without a main program" = [ (getExe (tool // { meta = { }; })) "/tool/bin/tool" "getExe: Package \"tool-1.0\" does not have the meta.mainProgram attribute" ];
  })
  (fails "getExe" {
    "of a string" = [ (getExe' "x" "y") "lib.meta.getExe': The first argument is of type string, but it should be a derivation instead." ];
    "with a number" = [ (getExe' tool 1) "lib.meta.getExe': The second argument is of type int, but it should be a string instead." ];
    "with a path" = [ (getExe' tool "a/b") "is a nested path with a \"/\" character" ];
  })
  (equal "CPE" {
    "the whole version" = [ (meta.cpeFullVersionWithVendor "gnu" "1.2") { vendor = "gnu"; version = "1.2"; update = "*"; } ];
    "the patch as update" = [ (meta.cpePatchVersionInUpdateWithVendor "gnu" "1.2.3") { vendor = "gnu"; version = "1.2"; update = "3"; } ];
    "trying" = [ (meta.tryCPEPatchVersionInUpdateWithVendor "gnu" "1.2").success false ];
  })
  (fails "CPE" {
    "a version without patch" = [ (meta.cpePatchVersionInUpdateWithVendor "gnu" "1.2") "version 1.2 doesn't match regex" ];
  })
]
