# How systemd wants paths and arguments written: unit names (systemd-escape(1)) and ExecStart lines
# (systemd.service(5), "Command lines").
{ lib }:

let
  inherit (lib) concatMapStrings fixedWidthString isDerivation isString removePrefix replaceStrings toHexString;

  # Everything outside this set becomes \xNN, byte by byte.
  isPlain = char: builtins.match "[a-zA-Z0-9:_.]" char != null;

  # The printable characters and their codes; bytes of other characters are left alone, systemd accepts them.
  hexByte = number: lib.toLower (fixedWidthString 2 "0" (toHexString number));
  ascii = builtins.listToAttrs (
    builtins.genList (i: {
      name = builtins.fromJSON ''"\u00${hexByte (i + 32)}"'';
      value = i + 32;
    }) 95
  );
  hex = char: "\\x" + hexByte ascii.${char};
  escapeChar =
    char:
    if isPlain char then
      char
    else if ascii ? ${char} then
      hex char
    else
      char;
in
rec {
  # "/var/my data" -> "var-my\x20data"; "/" -> "-".
  escapeSystemdPath =
    path:
    let
      clean = builtins.filter (part: isString part && part != "") (builtins.split "/+" (toString path));
      joined = map (part: concatMapStrings escapeChar (lib.stringToCharacters part)) clean;
      text = lib.concatStringsSep "-" joined;
    in
    if clean == [ ] then
      "-"
    else if lib.hasPrefix "." text then
      # A unit name must not start with a dot.
      "\\x2e" + removePrefix "." text
    else
      text;

  # One ExecStart word: quoted, with % and $ taken literally.
  escapeSystemdExecArg =
    arg:
    let
      text =
        if builtins.isPath arg then
          "${arg}"
        else if isString arg then
          arg
        else if builtins.isInt arg || builtins.isFloat arg || isDerivation arg then
          toString arg
        else
          throw "escapeSystemdExecArg only allows strings, paths, numbers and derivations";
    in
    # JSON's quoting is a subset of what systemd unquotes.
    replaceStrings [ "%" "$" ] [ "%%" "$$" ] (builtins.toJSON text);

  escapeSystemdExecArgs = lib.concatMapStringsSep " " escapeSystemdExecArg;
}
