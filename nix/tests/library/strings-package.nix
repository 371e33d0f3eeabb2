# lib.strings and lib.versions: package names, versions, configure flags; and
# lib.stringsWithDeps.
{ lib }:
let
  inherit (import ./rows) equal fails join throws;
  inherit (lib) versions versionOlder versionAtLeast textClosureList textClosureMap;
  inherit (lib.strings) sanitizeDerivationName;
  steps = {
    users = lib.noDepEntry "add users";
    etc = lib.fullDepEntry "link etc" [ "users" ];
    all = lib.packEntry [ "etc" "home" ];
    home = lib.stringAfter [ "users" ] "make homes";
    never = throw "must not be forced";
  };
  url = "https://example.org/dist/tool-1.7-x86_64.tar.bz2";
in
join [
  (equal "versions" {
    "versionOlder" = [ [ (versionOlder "1.1" "1.2") (versionOlder "1.1" "1.1") (versionOlder "1.10" "1.9") (versionOlder "2" "10") ] [ true false false true ] ];
    "versionOlder with a preview" = [ [ (versionOlder "1.0pre1" "1.0") (versionOlder "1.0" "1.0.1") ] [ true true ] ];
    "versionAtLeast" = [ [ (versionAtLeast "1.1" "1.0") (versionAtLeast "1.1" "1.1") (versionAtLeast "1.1" "1.2") ] [ true true false ] ];
    "splitVersion" = [ (map lib.splitVersion [ "1.2.3" "1" "1.2-rc3" ]) [ [ "1" "2" "3" ] [ "1" ] [ "1" "2" "rc" "3" ] ] ];
    "major, minor, patch" = [ [ (versions.major "1.2.3") (versions.minor "1.2.3") (versions.patch "1.2.3") ] [ "1" "2" "3" ] ];
    "majorMinor" = [ (map versions.majorMinor [ "1.2.3" "1.2" "1" ]) [ "1.2" "1.2" "1" ] ];
    "pad" = [ (map (versions.pad 3) [ "1.2" "1.2.3" "1.2.3.4" "1" ]) [ "1.2.0" "1.2.3" "1.2.3" "1.0.0" ] ];
    "pad keeps what comes after a dash" = [ [ (versions.pad 3 "1.3-rc1") (versions.pad 2 "1.2.3-rc1-x") ] [ "1.3.0-rc1" "1.2-rc1-x" ] ];
  })
  (equal "names" {
    "getName of a string" = [ (map lib.getName [ "tool-1.0" "tool-kit-2016.01.01" "tool" ]) [ "tool" "tool-kit" "tool" ] ];
    "getName of a package" = [ [ (lib.getName { pname = "p"; name = throw "x"; }) (lib.getName { name = "q-1.0"; }) ] [ "p" "q" ] ];
    "getVersion of a string" = [ (map lib.getVersion [ "tool-1.0" "tool" ]) [ "1.0" "" ] ];
    "getVersion of a package" = [ [ (lib.getVersion { version = "3"; name = throw "x"; }) (lib.getVersion { name = "q-1.0"; }) ] [ "3" "1.0" ] ];
    "nameFromURL" = [ [ (lib.nameFromURL url "-") (lib.nameFromURL url "_") ] [ "tool" "tool-1.7-x86" ] ];
    "sanitizeDerivationName" = [ (map sanitizeDerivationName [ "../hello.bar # foo" "" "fine-1.0" "..foo" "a b" "ä" ]) [ "-hello.bar-foo" "unknown" "fine-1.0" "foo" "a-b" "-" ] ];
    "sanitizeDerivationName cuts in front" = [ (let n = sanitizeDerivationName (lib.strings.replicate 300 "x" + "end"); in [ (lib.stringLength n) (lib.hasSuffix "end" n) ]) [ 207 true ] ];
    "sanitizeDerivationName drops the context" = [ (builtins.hasContext (sanitizeDerivationName "${derivation { name = "n"; system = "s"; builder = "b"; }}")) false ];
  })
  (throws "names" {
    "nameFromURL without the separator" = lib.nameFromURL url "#";
  })
  (equal "flags" {
    "enableFeature" = [ [ (lib.enableFeature true "x") (lib.enableFeature false "x") ] [ "--enable-x" "--disable-x" ] ];
    "enableFeatureAs" = [ [ (lib.enableFeatureAs true "x" "v") (lib.enableFeatureAs false "x" (throw "unused")) ] [ "--enable-x=v" "--disable-x" ] ];
    "withFeature" = [ [ (lib.withFeature true "x") (lib.withFeature false "x") ] [ "--with-x" "--without-x" ] ];
    "withFeatureAs" = [ [ (lib.withFeatureAs true "x" "v") (lib.withFeatureAs false "x" (throw "unused")) ] [ "--with-x=v" "--without-x" ] ];
    "cmakeOptionType" = [ [ (lib.cmakeOptionType "string" "ENGINE" "sdl2") (lib.cmakeOptionType "FilePath" "F" "/f") ] [ "-DENGINE:STRING=sdl2" "-DF:FILEPATH=/f" ] ];
    "cmakeBool" = [ [ (lib.cmakeBool "STATIC" true) (lib.cmakeBool "STATIC" false) ] [ "-DSTATIC:BOOL=TRUE" "-DSTATIC:BOOL=FALSE" ] ];
    "cmakeFeature" = [ (lib.cmakeFeature "MODULES" "badblock") "-DMODULES:STRING=badblock" ];
    "mesonOption" = [ (lib.mesonOption "engine" "opengl") "-Dengine=opengl" ];
    "mesonBool" = [ [ (lib.mesonBool "hardened" true) (lib.mesonBool "static" false) ] [ "-Dhardened=true" "-Dstatic=false" ] ];
    "mesonEnable" = [ [ (lib.mesonEnable "docs" true) (lib.mesonEnable "savage" false) ] [ "-Ddocs=enabled" "-Dsavage=disabled" ] ];
  })
  (throws "flags" {
    "enableFeature with text for a flag" = lib.enableFeature "yes" "x";
    "enableFeature with a package for a name" = lib.enableFeature true { };
    "withFeature with a package for a name" = lib.withFeature true { };
    "cmakeOptionType of an unknown type" = lib.cmakeOptionType "float" "X" "1";
    "cmakeOptionType of a number" = lib.cmakeOptionType "string" "X" 1;
    "cmakeBool of text" = lib.cmakeBool "X" "TRUE";
    "mesonBool of text" = lib.mesonBool "x" "true";
    "mesonOption of a number" = lib.mesonOption "x" 1;
    "mesonEnable of null" = lib.mesonEnable "x" null;
  })
  (equal "textClosureList" {
    "what a step needs comes before it" = [ (textClosureList steps [ "etc" ]) [ "add users" "link etc" ] ];
    "each step once" = [ (textClosureList steps [ "etc" "home" "users" ]) [ "add users" "link etc" "make homes" ] ];
    "a pack has no text" = [ (textClosureList steps [ "all" ]) [ "add users" "link etc" "make homes" "" ] ];
    "entries can stand in the list themselves" = [ (textClosureList steps [ (lib.fullDepEntry "last" [ "users" ]) ]) [ "add users" "last" ] ];
    "of nothing" = [ (textClosureList steps [ ]) [ ] ];
    "a loop ends" = [ (textClosureList { a = lib.fullDepEntry "a" [ "b" ]; b = lib.fullDepEntry "b" [ "a" ]; } [ "a" ]) [ "b" "a" ] ];
    "textClosureMap" = [ (textClosureMap (t: "# ${t}") steps [ "etc" ]) "# add users\n# link etc" ];
    "the entries" = [ [ (lib.noDepEntry "t") (lib.fullDepEntry "t" [ "a" ]) (lib.packEntry [ "a" ]) (lib.stringAfter [ "a" ] "t") ] [ { text = "t"; deps = [ ]; } { text = "t"; deps = [ "a" ]; } { text = ""; deps = [ "a" ]; } { text = "t"; deps = [ "a" ]; } ] ];
  })
  (fails "textClosureList" {
    "an unknown step" = [ (textClosureList steps [ "nothing" ]) "attribute 'nothing' missing" ];
  })
]
