# Small functions without a better home: booleans, integers, comparison,
# functions and their declared arguments, warnings, and facts about this tree.
#
# Not for: anything about one data type (attrsets.nix, lists.nix, strings.nix).
{ lib }:

let
  inherit (builtins)
    elem
    fromJSON
    functionArgs
    getEnv
    isInt
    isString
    readFile
    trace
    ;

  thisRelease = {
    number = "25.11";
    codeName = "Xantusia";
    oldestSupported = 2505;
  };

  warningsAreErrors = elem (getEnv "NIX_ABORT_ON_WARN") [ "1" "true" "yes" ];

  hexDigits = [ "0" "1" "2" "3" "4" "5" "6" "7" "8" "9" "A" "B" "C" "D" "E" "F" ];
in
rec {
  inherit (builtins)
    add
    bitAnd
    bitOr
    bitXor
    deepSeq
    genericClosure
    isBool
    isFloat
    isInt
    lessThan
    pathExists
    readFile
    seq
    sub
    ;

  # --- functions ------------------------------------------------------------

  id = x: x;

  const = x: _: x;

  pipe = builtins.foldl' (x: f: f x);

  flip = f: a: b: f b a;

  isFunction = f: builtins.isFunction f || (f ? __functor && isFunction (f.__functor f));

  toFunction = v: if isFunction v then v else _: v;

  setFunctionArgs = f: args: {
    __functor = _: f;
    __functionArgs = args;
  };

  functionArgs =
    f: if f ? __functor then f.__functionArgs or (functionArgs (f.__functor f)) else builtins.functionArgs f;

  mirrorFunctionArgs =
    f:
    let
      args = functionArgs f;
    in
    g: setFunctionArgs g args;

  # --- booleans and null ----------------------------------------------------

  or = a: b: a || b;

  and = a: b: a && b;

  xor = a: b: (!a) != (!b);

  boolToString = b: if b then "true" else "false";

  boolToYesNo = b: if b then "yes" else "no";

  defaultTo = fallback: value: if value == null then fallback else value;

  mapNullable = f: value: if value == null then null else f value;

  # --- sets -----------------------------------------------------------------

  concat = a: b: a ++ b;

  mergeAttrs = a: b: a // b;

  # --- integers and comparison ----------------------------------------------

  bitNot = n: -1 - n;

  mod = base: int: base - (int * (builtins.div base int));

  min = a: b: if a < b then a else b;

  max = a: b: if a > b then a else b;

  compare = a: b: if a < b then -1 else if a > b then 1 else 0;

  # Everything that satisfies `p` sorts before everything that does not.
  splitByAndCompare =
    p: yes: no: a: b:
    if p a then
      if p b then yes a b else -1
    else if p b then
      1
    else
      no a b;

  toBaseDigits =
    base: i:
    let
      digits =
        acc: n: if n < base then [ n ] ++ acc else digits ([ (n - base * (n / base)) ] ++ acc) (n / base);
    in
    assert isInt base;
    assert isInt i;
    assert base >= 2;
    assert i >= 0;
    digits [ ] i;

  toHexString =
    i: builtins.concatStringsSep "" (map (builtins.elemAt hexDigits) (toBaseDigits 16 i));

  # The TOML reader knows hexadecimal integers; Nix itself does not.
  fromHexString =
    str:
    let
      digits = builtins.match "(0x)?([0-7]?[0-9A-Fa-f]{1,15})" str;
    in
    if digits == null then
      throw "fromHexString: ${builtins.toJSON str} is not a valid input: write at most 63 bits in digits 0-9 and a-f, with or without 0x in front"
    else
      (fromTOML "v=0x${builtins.elemAt digits 1}").v;

  # --- reading --------------------------------------------------------------

  importJSON = path: fromJSON (readFile path);

  importTOML = path: fromTOML (readFile path);

  # --- warnings and conditional errors --------------------------------------

  # The built-in appeared in Nix 2.23. The fallback has the same strictness:
  # the message must be a string, the value is not forced.
  warn =
    builtins.warn or (
      message: value:
      assert isString message;
      if warningsAreErrors then
        trace "evaluation warning: ${message}" (abort "NIX_ABORT_ON_WARN=true; warnings are treated as unrecoverable errors.")
      else
        trace "evaluation warning: ${message}" value
    );

  warnIf = cond: message: if cond then warn message else x: x;

  warnIfNot = cond: message: if cond then x: x else warn message;

  throwIf = cond: message: if cond then throw message else x: x;

  throwIfNot = cond: message: if cond then x: x else throw message;

  checkListOfEnum =
    message: valid: given:
    let
      unexpected = builtins.filter (x: !elem x valid) given;
      show = xs: builtins.concatStringsSep ", " (map toString xs);
    in
    throwIf (unexpected != [ ]) "${message}: ${show unexpected} unexpected; valid ones: ${show valid}";

  info = message: value: trace "INFO: ${message}" value;

  # The first warning of the list is printed first.
  showWarnings = warnings: result: lib.lists.foldr warn result warnings;

  # --- facts about this tree and this evaluation ----------------------------

  release = thisRelease.number;
  codeName = thisRelease.codeName;
  versionSuffix = "";
  version = release + versionSuffix;
  nixpkgsVersion = warn "lib.nixpkgsVersion is a deprecated alias of lib.version." version;

  oldestSupportedRelease = thisRelease.oldestSupported;

  oldestSupportedReleaseIsAtLeast = release': release' <= oldestSupportedRelease;

  isInOldestRelease = warnIf (oldestSupportedReleaseIsAtLeast 2411) "lib.isInOldestRelease is deprecated. Use lib.oldestSupportedReleaseIsAtLeast instead." oldestSupportedReleaseIsAtLeast;

  # A `.git-revision` file beside the tree wins over a checkout's own record.
  revisionWithDefault =
    default:
    let
      root = toString ./../..;
      file = "${root}/.git-revision";
    in
    if lib.pathIsGitRepo "${root}/.git" then
      lib.commitIdFromGitRepo "${root}/.git"
    else if builtins.pathExists file then
      lib.fileContents file
    else
      default;

  inNixShell = getEnv "IN_NIX_SHELL" != "";

  inPureEvalMode = !builtins ? currentSystem;
}
