# Command lines out of attribute sets: `lib.cli`.
#
# Two generations live here.  `toCommandLine` and its GNU preset describe each option
# by a spec; `toGNUCommandLine` is the older interface with replaceable parts.
# The `Shell` variants give one escaped string instead of a list of arguments.
#
# Not for: parsing command lines, nor arguments whose order matters (attributes are sorted).
{ lib }:

let
  inherit (builtins)
    attrNames
    concatMap
    isBool
    isList
    stringLength
    ;

  showValue = lib.generators.mkValueStringDefault { };
  joinShell = lib.escapeShellArgs;

  # The older pair is on its way out upstream; the date is the release by which
  # every supported release has the successor.
  deprecated = lib.warnIf (lib.oldestSupportedReleaseIsAtLeast 2511);

  listReprs = [
    "join"
    "repeat"
    "spread"
  ];

  # Fill in what a spec may leave out.
  completeSpec =
    {
      option,
      sep,
      explicitBool,
      formatArg ? showValue,
      listRepr ? "repeat",
      splitList ? list: [ list ],
    }:
    {
      inherit
        option
        sep
        explicitBool
        formatArg
        listRepr
        splitList
        ;
    };

  # The values for which the option is written once each.
  occurrences =
    spec: value:
    if !isList value then
      [ value ]
    else if spec.listRepr == "repeat" then
      value
    else if spec.listRepr == "join" then
      [ value ]
    else if spec.listRepr == "spread" then
      spec.splitList value
    else
      throw "lib.cli.toCommandline requires that listRepr is one of: ${lib.concatStringsSep ", " listReprs}";

  # The arguments of one occurrence.
  render =
    spec: value:
    if value == null then
      [ ]
    else if isBool value && !spec.explicitBool then
      if value then [ spec.option ] else [ ]
    else if isList value && spec.listRepr == "spread" then
      [ spec.option ] ++ map spec.formatArg value
    else if spec.sep == null then
      [
        spec.option
        (spec.formatArg value)
      ]
    else
      [ (spec.option + spec.sep + spec.formatArg value) ];
in
rec {
  # optionFormat: name -> { option; sep; explicitBool; formatArg?; listRepr?; splitList?; }
  toCommandLine =
    optionFormat: attrs:
    concatMap (
      name:
      let
        spec = completeSpec (optionFormat name);
      in
      if name == "" then
        throw "lib.cli.toCommandLine only accepts non-empty option names."
      else
        concatMap (render spec) (occurrences spec attrs.${name})
    ) (attrNames attrs);

  toCommandLineShell = optionFormat: attrs: joinShell (toCommandLine optionFormat attrs);

  # `-x`, `-xVALUE`, `--long`, `--long=VALUE`.
  toCommandLineGNU =
    {
      isLong ? optionName: stringLength optionName > 1,
      explicitBool ? false,
      formatArg ? showValue,
      listRepr ? _optionName: "repeat",
      formatList ? list: lib.concatMapStringsSep "," formatArg list,
      splitList ? _optionName: list: [ list ],
    }:
    toCommandLine (
      optionName:
      let
        long = isLong optionName;
        repr = listRepr optionName;
      in
      {
        inherit explicitBool;
        option = (if long then "--" else "-") + optionName;
        sep = if long then "=" else "";
        formatArg = value: if repr == "join" && isList value then formatList value else formatArg value;
        listRepr = repr;
        splitList = splitList optionName;
      }
    );

  toCommandLineShellGNU = options: attrs: joinShell (toCommandLineGNU options attrs);

  # The older interface.  Every part of the rendering can be replaced.
  toGNUCommandLine =
    deprecated
      "lib.cli.toGNUCommandLine is deprecated, please use lib.cli.toCommandLine or lib.cli.toCommandLineGNU instead."
      (
        {
          mkOptionName ? name: if stringLength name == 1 then "-${name}" else "--${name}",
          mkBool ? name: value: if value then [ (mkOptionName name) ] else [ ],
          mkList ? name: concatMap (mkOption name),
          mkOption ?
            name: value:
            if value == null then
              [ ]
            else if optionValueSeparator == null then
              [
                (mkOptionName name)
                (showValue value)
              ]
            else
              [ (mkOptionName name + optionValueSeparator + showValue value) ],
          optionValueSeparator ? null,
        }:
        attrs:
        concatMap (
          name:
          let
            value = attrs.${name};
          in
          if isBool value then
            mkBool name value
          else if isList value then
            mkList name value
          else
            mkOption name value
        ) (attrNames attrs)
      );

  toGNUCommandLineShell =
    deprecated
      "lib.cli.toGNUCommandLineShell is deprecated, please use lib.cli.toCommandLineShell or lib.cli.toCommandLineShellGNU instead."
      (options: attrs: joinShell (toGNUCommandLine options attrs));
}
