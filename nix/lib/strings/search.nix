# Looking into strings and cutting them: affixes, splitting, trimming,
# replacing, padding.
#
# Not for: regular expressions as such (`match` and `split` are the
# evaluator's own), letter case (case.nix).
{ lib }:

let
  inherit (builtins)
    genList
    isPath
    isString
    replaceStrings
    split
    stringLength
    substring
    ;
  inherit (lib.strings) concatStrings escapeRegex replicate;
  inherit (lib.trivial) warn warnIf;

  # A path that becomes a string is copied into the store: what the caller
  # asked about is then no longer there.
  pathWarning =
    function: replacement: path: result: ''
      lib.strings.${function}: The first argument (${toString path}) is a path value, but only strings are supported.
          The result is certainly not the wanted one: in such a case ${result}.
          The path is also copied to the Nix store, which may not be what you want.
          This behavior is deprecated and will throw an error in the future.${
            lib.optionalString (replacement != null) "\n    You might want to use `lib.path.${replacement}` instead, which correctly supports paths."
          }'';
  never = "the function always returns `false`";
in
rec {
  # --- affixes --------------------------------------------------------------

  # These are called by the hundred thousand: for strings there is nothing but
  # the comparison.

  hasPrefix =
    pref: str:
    if isPath pref then
      warn (pathWarning "hasPrefix" "hasPrefix" pref never) false
    else
      substring 0 (stringLength pref) str == pref;

  hasSuffix =
    suffix: content:
    let
      start = stringLength content - stringLength suffix;
    in
    if isPath suffix then
      warn (pathWarning "hasSuffix" null suffix never) false
    else
      start >= 0 && substring start (-1) content == suffix;

  hasInfix =
    infix: content:
    warnIf (isPath infix) (pathWarning "hasInfix" null infix never) (
      builtins.match ".*${escapeRegex infix}.*" "${content}" != null
    );

  removePrefix =
    prefix: str:
    let
      cut = stringLength prefix;
    in
    if isPath prefix then
      warn (pathWarning "removePrefix" "removePrefix" prefix "the function never removes any prefix") str
    else if substring 0 cut str == prefix then
      substring cut (-1) str
    else
      str;

  removeSuffix =
    suffix: str:
    let
      start = stringLength str - stringLength suffix;
    in
    if isPath suffix then
      warn (pathWarning "removeSuffix" null suffix "the function never removes any suffix") str
    else if start >= 0 && suffix == substring start (-1) str then
      substring 0 start str
    else
      str;

  # --- splitting ------------------------------------------------------------

  stringToCharacters = s: genList (n: substring n 1 s) (stringLength s);

  stringAsChars = f: s: concatStrings (map f (stringToCharacters s));

  # An empty string that carries the context of `src`, in front.
  addContextFrom = src: target: substring 0 0 src + target;

  # The pieces keep the context of the whole: nothing that a piece depends on
  # gets lost by cutting.
  splitString =
    sep: s:
    map (addContextFrom s) (
      builtins.filter isString (split (escapeRegex (toString sep)) (toString s))
    );

  # Cuts between (keepSplit) or at every character for which the predicate,
  # given the character before and the character, holds.
  splitStringBy =
    predicate: keepSplit: str:
    let
      end = stringLength str;
      char = n: substring n 1 str;
      isCut = n: predicate (if n > 0 then char (n - 1) else "") (char n);
      cuts = builtins.filter isCut (genList (n: n) end);
      starts = [ 0 ] ++ map (n: if keepSplit then n else n + 1) cuts;
      ends = cuts ++ [ end ];
      pieces = lib.zipListsWith (start: stop: addContextFrom str (substring start (stop - start) str)) starts ends;
    in
    pieces;

  # --- replacing and trimming -----------------------------------------------

  replaceString = from: to: replaceStrings [ from ] [ to ];

  # The evaluator has no non-greedy matching: the last captured character must
  # not be a space, so the greedy group in front of it cannot swallow the end.
  trimWith =
    {
      start ? false,
      end ? false,
    }:
    let
      space = " \t\r\n";
      regex =
        if start && end then
          "[${space}]*(.*[^${space}])[${space}]*"
        else if start then
          "[${space}]*(.*)"
        else if end then
          "(.*[^${space}])[${space}]*"
        else
          "(.*)";
    in
    s:
    let
      found = builtins.match regex s;
    in
    lib.optionalString (found != null) (builtins.head found);

  trim = trimWith {
    start = true;
    end = true;
  };

  # Runs of slashes become one; nothing else is resolved.
  normalizePath =
    s:
    warnIf (isPath s)
      "lib.strings.normalizePath: The argument (${toString s}) is a path value, but only strings are supported. Paths are always normalised already; here the path is also copied to the Nix store. This behavior is deprecated and will throw an error in the future."
      (
        builtins.concatStringsSep "/" (
          map (addContextFrom "${s}") (builtins.filter isString (split "/+" "${s}"))
        )
      );

  # --- padding --------------------------------------------------------------

  fixedWidthString =
    width: filler: str:
    let
      len = stringLength str;
      fillerLen = stringLength filler;
      missing = width - len;
      times = missing / fillerLen;
      # Only whole fillers are put in front: this is what they leave over.
      reached = width - times * fillerLen;
      short = if len > width then width else reached - (if reached > len then fillerLen else 0);
    in
    assert lib.assertMsg (len <= short)
      "fixedWidthString: requested string length (${toString short}) must not be shorter than actual length (${toString len})";
    if missing == 0 then str else replicate times filler + str;

  fixedWidthNumber = width: n: fixedWidthString width "0" (toString n);
}
