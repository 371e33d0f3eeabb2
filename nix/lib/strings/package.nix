# Names and versions of packages, and the flags that build systems are
# configured with.
#
# Not for: version components (../versions.nix), package meta (../meta.nix).
{ lib }:

let
  inherit (builtins)
    compareVersions
    isBool
    isString
    parseDrvName
    ;
  inherit (lib.trivial) boolToString;
  inherit (lib.strings) optionalString;

in
rec {
  # --- names and versions ---------------------------------------------------

  versionOlder = v1: v2: compareVersions v2 v1 == 1;

  versionAtLeast = v1: v2: !versionOlder v1 v2;

  getName = x: if isString x then (parseDrvName x).name else x.pname or (parseDrvName x.name).name;

  getVersion = x: if isString x then (parseDrvName x).version else x.version or (parseDrvName x.name).version;

  # The file name at the end of a URL, up to the first separator.
  nameFromURL =
    url: sep:
    let
      filename = lib.last (lib.splitString "/" url);
      name = builtins.head (lib.splitString sep filename);
    in
    assert name != filename;
    name;

  # Store path names take [0-9a-zA-Z+._?=-], do not begin with a dot, and end
  # at 211 characters, four of which ".drv" may need.
  sanitizeDerivationName =
    let
      okRegex = builtins.match "[[:alnum:]+_?=-][[:alnum:]+._?=-]*";
    in
    string:
    if builtins.stringLength string <= 207 && okRegex string != null then
      builtins.unsafeDiscardStringContext string
    else
      lib.pipe string [
        builtins.unsafeDiscardStringContext
        (s: builtins.elemAt (builtins.match "\\.*(.*)" s) 0)
        (builtins.split "[^[:alnum:]+._?=-]+")
        (map (part: if builtins.isList part then "-" else part))
        lib.concatStrings
        (s: builtins.substring (lib.max (builtins.stringLength s - 207) 0) (-1) s)
        (s: if s == "" then "unknown" else s)
      ];

  # --- configure flags ------------------------------------------------------

  enableFeature =
    flag: feature:
    assert lib.asserts.assertMsg (isBool flag) "enableFeature: flag must be a boolean";
    assert lib.asserts.assertMsg (isString feature) "feature must be a string";
    "--${if flag then "enable" else "disable"}-${feature}";

  enableFeatureAs = flag: feature: value: enableFeature flag feature + optionalString flag "=${value}";

  withFeature =
    flag: feature:
    assert lib.asserts.assertMsg (isBool flag) "withFeature: flag must be a boolean";
    assert lib.asserts.assertMsg (isString feature) "feature must be a string";
    "--${if flag then "with" else "without"}-${feature}";

  withFeatureAs = flag: feature: value: withFeature flag feature + optionalString flag "=${value}";

  cmakeOptionType =
    let
      types = [ "BOOL" "FILEPATH" "PATH" "STRING" "INTERNAL" "LIST" ];
    in
    type: feature: value:
    assert builtins.elem (lib.toUpper type) types;
    assert isString feature;
    assert isString value;
    "-D${feature}:${lib.toUpper type}=${value}";

  cmakeBool =
    condition: flag:
    assert isString condition;
    assert isBool flag;
    cmakeOptionType "bool" condition (lib.toUpper (boolToString flag));

  cmakeFeature =
    feature: value:
    assert isString feature;
    assert isString value;
    cmakeOptionType "string" feature value;

  mesonOption =
    feature: value:
    assert isString feature;
    assert isString value;
    "-D${feature}=${value}";

  mesonBool =
    condition: flag:
    assert isString condition;
    assert isBool flag;
    mesonOption condition (boolToString flag);

  mesonEnable =
    feature: flag:
    assert isString feature;
    assert isBool flag;
    mesonOption feature (if flag then "enabled" else "disabled");
}
