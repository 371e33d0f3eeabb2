# Short forms for the tables in this folder: what most cases do.
#
# Not for: cases.
{ lib }:

let
  inherit (lib) evalModules mkOption;
in
rec {
  # Modules -> configuration, options.
  configOf = modules: (evalModules { inherit modules; }).config;
  optionsOf = modules: (evalModules { inherit modules; }).options;

  # A module that declares one option.
  declare = name: fields: { options.${name} = mkOption fields; };

  # A module with a file name, for messages.
  from = file: module: { _file = file; } // module;

  # The value of option `v` of a type, from definitions.
  valueOf =
    type: defs:
    (configOf ([ (declare "v" { inherit type; }) ] ++ map (value: { config.v = value; }) defs)).v;

  # The same, each definition in a file of its own: a.nix, b.nix, ...
  valueFrom =
    type: defs:
    (configOf (
      [ (declare "v" { inherit type; }) ]
      ++ lib.imap0 (i: value: {
        _file = "${builtins.elemAt (lib.stringToCharacters "abcdefgh") i}.nix";
        config.v = value;
      }) defs
    )).v;

  # Rows { "what" = [ type value ... ]; } -> cases that each value is accepted
  # or refused, whatever comes out.
  accepts = verdicts "accepts" true;
  refuses = verdicts "refuses" false;

  verdicts =
    verb: expected: rows:
    lib.concatMapAttrs (
      what: row:
      let
        type = builtins.head row;
        values = builtins.tail row;
      in
      builtins.listToAttrs (
        lib.imap1 (i: value: {
          name = "${what} ${verb} value ${toString i}";
          value = {
            expr = (builtins.tryEval (builtins.deepSeq (valueOf type [ value ]) true)).success;
            inherit expected;
          };
        }) values
      )
    ) rows;
}
