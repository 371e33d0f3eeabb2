# Types of single values: booleans, numbers, strings, paths, packages.
{ lib }:

let
  inherit (lib) types;
  inherit (types) addCheck ints numbers;
  inherit (import ./support/eval.nix { inherit lib; }) accepts refuses valueFrom valueOf;
  storePath = "${builtins.storeDir}/0fb3ykw9r5hpayd05sr0cizwadzq1d8q-bash-5.2-p15";
  # The place of a content-addressed output, before it is known.
  caPath = "/1121rp0gvr1qya7hvy925g5kjwg66acz6sn1ra1hca09f1z5dsab";
  drv = { type = "derivation"; name = "d"; outPath = storePath; drvPath = storePath + ".drv"; };
  stringy = { __toString = _: "/from/a/set"; };
in
accepts {
  bool = [ types.bool true false ];
  boolByOr = [ types.boolByOr true ];
  int = [ types.int 0 (-1) 9223372036854775807 ];
  "ints.unsigned" = [ ints.unsigned 0 1 ];
  "ints.positive" = [ ints.positive 1 ];
  "ints.u8" = [ ints.u8 0 255 ];
  "ints.u16" = [ ints.u16 65535 ];
  "ints.u32" = [ ints.u32 4294967295 ];
  "ints.s8" = [ ints.s8 (-128) 127 ];
  "ints.s16" = [ ints.s16 (-32768) 32767 ];
  "ints.s32" = [ ints.s32 (-2147483648) 2147483647 ];
  "ints.between" = [ (ints.between (-21) 43) (-21) 0 43 ];
  port = [ types.port 0 22 65535 ];
  float = [ types.float 1.5 (-0.0) ];
  number = [ types.number 1 1.5 ];
  "numbers.between" = [ (numbers.between 0 1.5) 0 1 1.5 0.1 ];
  "numbers.nonnegative" = [ numbers.nonnegative 0 0.0 3 ];
  "numbers.positive" = [ numbers.positive 0.1 1 ];
  str = [ types.str "" "x" "a\nb" ];
  nonEmptyStr = [ types.nonEmptyStr "x" " x " ];
  singleLineStr = [ types.singleLineStr "x" "x\n" "" ];
  strMatching = [ (types.strMatching "[a-z]+") "abc" ];
  lines = [ types.lines "" "a\nb" ];
  commas = [ types.commas "a" ];
  envVar = [ types.envVar "a:b" ];
  separatedString = [ (types.separatedString "|") "a" ];
  passwdEntry = [ (types.passwdEntry types.str) "x" "" ];
  path = [ types.path "/" "/etc" ./scalars.nix stringy drv ];
  pathInStore = [ types.pathInStore storePath "${storePath}/bin/bash" caPath "${caPath}/bin/bash" (/. + caPath) ];
  "pathWith not in the store" = [ (types.pathWith { inStore = false; }) "/foo" "" builtins.storeDir "${builtins.storeDir}/.links" ];
  externalPath = [ types.externalPath "/etc/passwd" ];
  "pathWith nothing" = [ (types.pathWith { }) "a/b" "/a" ./scalars.nix ];
  "pathWith relative" = [ (types.pathWith { absolute = false; }) "a/b" ];
  "package" = [ types.package drv ];
  shellPackage = [ types.shellPackage (drv // { shellPath = "/bin/sh"; }) ];
  pkgs = [ types.pkgs { _type = "pkgs"; hello = 1; } ];
  luaInline = [ types.luaInline (lib.generators.mkLuaInline "x") ];
  raw = [ types.raw 1 (x: x) { a = 1; } null ];
  unspecified = [ types.unspecified 1 null "x" ];
  "addCheck" = [ (addCheck types.int (x: x > 3)) 4 ];
}
// refuses {
  bool = [ types.bool 1 "true" null ];
  boolByOr = [ types.boolByOr 1 ];
  int = [ types.int "1" 1.0 true null [ ] ];
  "ints.unsigned" = [ ints.unsigned (-1) ];
  "ints.positive" = [ ints.positive 0 (-1) ];
  "ints.u8" = [ ints.u8 (-1) 256 ];
  "ints.u16" = [ ints.u16 65536 ];
  "ints.u32" = [ ints.u32 4294967296 ];
  "ints.s8" = [ ints.s8 (-129) 128 ];
  "ints.s16" = [ ints.s16 (-32769) 32768 ];
  "ints.between" = [ (ints.between (-21) 43) (-22) 44 ];
  port = [ types.port (-1) 65536 "22" ];
  float = [ types.float 1 "1.5" ];
  number = [ types.number "1" ];
  "numbers.between" = [ (numbers.between 0 1.5) (-0.1) 1.6 ];
  "numbers.positive" = [ numbers.positive 0 0.0 ];
  str = [ types.str 1 ./scalars.nix null stringy ];
  nonEmptyStr = [ types.nonEmptyStr "" " " "\n\t" ];
  singleLineStr = [ types.singleLineStr "a\nb" "a\n\n" "a\r" ];
  strMatching = [ (types.strMatching "[a-z]+") "ABC" "abc1" 1 ];
  passwdEntry = [ (types.passwdEntry types.str) "a:b" "a\nb" ];
  path = [ types.path "etc" "" 1 { } ];
  pathInStore = [ types.pathInStore "" builtins.storeDir "${builtins.storeDir}/" "${builtins.storeDir}/.links" "/foo/bar" ];
  externalPath = [ types.externalPath storePath "relative" ./scalars.nix ];
  "pathWith not in the store" = [ (types.pathWith { inStore = false; }) storePath "${storePath}/bin" ./scalars.nix ];
  "pathWith relative" = [ (types.pathWith { absolute = false; }) "/a" ];
  package = [ types.package "/etc" 1 { } ];
  shellPackage = [ types.shellPackage drv ];
  pkgs = [ types.pkgs { } 1 ];
  luaInline = [ types.luaInline "x" { } ];
  "addCheck" = [ (addCheck types.int (x: x > 3)) 3 "4" ];
}
// {
  "bool: equal definitions agree" = { expr = valueOf types.bool [ true true ]; expected = true; };
  "bool: different ones conflict" = { expr = valueOf types.bool [ true false ]; error = "has conflicting definition values"; };
  "boolByOr: any true is true" = {
    expr = map (valueOf types.boolByOr) [ [ false false ] [ true false ] [ false true ] [ true true ] ];
    expected = [ false true true true ];
  };
  "int: equal definitions agree" = { expr = valueOf types.int [ 1 1 ]; expected = 1; };
  "number: an int and a float of the same value are not mixed" = { expr = valueOf types.number [ 1 1.5 ]; error = "is neither a value of type `signed integer` nor `floating point number`"; };
  "str: different definitions conflict" = { expr = valueOf types.str [ "a" "b" ]; error = "has conflicting definition values"; };
  "lines are joined" = { expr = valueOf types.lines [ "a" "b" ]; expected = "b\na"; };
  "commas are joined" = { expr = valueOf types.commas [ "a" "b" ]; expected = "b,a"; };
  "envVar is joined" = { expr = valueOf types.envVar [ "a" "b" ]; expected = "b:a"; };
  "separatedString is joined" = { expr = valueOf (types.separatedString " ") [ "a" "b" ]; expected = "b a"; };
  "singleLineStr drops the newline" = { expr = valueOf types.singleLineStr [ "x\n" ]; expected = "x"; };
  "path: a path stays a path" = { expr = builtins.typeOf (valueOf types.path [ ./scalars.nix ]); expected = "path"; };
  "path: a string stays a string" = { expr = valueOf types.path [ "/etc" ]; expected = "/etc"; };
  "path: a derivation is one, and is not built to find out" = {
    expr = (valueOf types.path [ { type = "derivation"; outPath = throw "built"; drvPath = throw "built"; mark = 1; } ]).mark;
    expected = 1;
  };
  "package: a derivation stays as it is" = { expr = (valueOf types.package [ drv ]).name; expected = "d"; };
  "package: only one" = { expr = valueOf types.package [ drv drv ]; error = "is defined multiple times while it's expected to be unique"; };
  "pkgs: only one" = {
    expr = valueOf types.pkgs [ { _type = "pkgs"; } { _type = "pkgs"; } ];
    error = "A Nixpkgs pkgs set can not be merged with another pkgs set.";
  };
  "raw: only one" = { expr = valueOf types.raw [ 1 1 ]; error = "is defined multiple times"; };
  "raw: conditions around it work" = { expr = valueOf types.raw [ (lib.mkForce 1) 2 (lib.mkIf false 3) ]; expected = 1; };
  "raw: conditions inside it do not" = { expr = (valueOf types.raw [ { a = lib.mkIf true 1; } ]).a._type; expected = "if"; };
  "unspecified: strings are joined" = { expr = valueOf types.unspecified [ "a" "b" ]; expected = "ba"; };
  "unspecified: sets are joined" = { expr = valueOf types.unspecified [ { a = 1; } { b = 2; } ]; expected = { a = 1; b = 2; }; };
  "unspecified: booleans are or'ed" = { expr = valueOf types.unspecified [ true false ]; expected = true; };
  "unspecified: functions are merged by result" = { expr = (valueOf types.unspecified [ (x: [ x ]) (x: [ (x + 1) ]) ]) 1; expected = [ 2 1 ]; };
  "unspecified: equal integers agree" = { expr = valueOf types.unspecified [ 1 1 ]; expected = 1; };
  "unspecified: different integers do not" = { expr = valueOf types.unspecified [ 1 2 ]; error = "Cannot merge definitions of `v'. Definition values:"; };
  "unspecified: different kinds do not" = { expr = valueOf types.unspecified [ 1 "x" ]; error = "Cannot merge definitions of `v'"; };
  "ints.between with its ends swapped" = { expr = (ints.between 2 1).name; error = "ints.between: lowest must be smaller than highest"; };
  "numbers.between with its ends swapped" = { expr = (numbers.between 2 1).name; error = "numbers.between: lowest must be smaller than highest"; };
  "pathWith that contradicts itself" = {
    expr = (types.pathWith { inStore = true; absolute = false; }).name;
    error = "In pathWith, inStore means the path must be absolute";
  };
  "an unsigned integer in words" = { expr = valueFrom ints.unsigned [ (-23) ]; error = "is not of type `unsigned integer, meaning >=0'. Definition values: - In `a.nix': -23"; };
  "a positive integer in words" = { expr = valueFrom ints.positive [ 0 ]; error = "is not of type `positive integer, meaning >0'. Definition values: - In `a.nix': 0"; };
  "a range in words" = { expr = valueFrom (ints.between (-21) 43) [ (-23) ]; error = "`integer between -21 and 43 (both inclusive)'"; };
  "a store path in words" = { expr = valueFrom types.pathInStore [ "/foo" ]; error = "is not of type `path in the Nix store'. Definition values: - In `a.nix': \"/foo\""; };
  "names of the integer types" = {
    expr = map (t: t.name) [ ints.u8 ints.s16 ints.unsigned ints.positive (ints.between 1 2) types.port ];
    expected = [ "unsignedInt8" "signedInt16" "unsignedInt" "positiveInt" "intBetween" "unsignedInt16" ];
  };
}
