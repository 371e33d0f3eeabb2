# Values shown as Nix code for people: defaults in manuals, values in error messages.
#
# Not for: round trips.  Functions and packages have no source text, so they are
# shown as `<function>` and `<derivation name>`.
{ lib }:

let
  inherit (builtins)
    concatStringsSep
    elem
    isAttrs
    isFloat
    isInt
    isList
    isString
    mapAttrs
    ;

  # Attributes that give a set its meaning; replacing them would change what the set is.
  markers = [
    "__functor"
    "__functionArgs"
    "__toString"
    "__pretty"
  ];

  showFunction =
    function:
    let
      args = lib.functionArgs function;
      showArg = name: if args.${name} then name + "?" else name;
    in
    if args == { } then
      "<function>"
    else
      "<function, args: {${concatStringsSep ", " (map showArg (builtins.attrNames args))}}>";

  # "…" on one line: backslash, quote and the start of an interpolation are escaped.
  quoteOneLine =
    lines:
    let
      escapeLine = lib.escape [
        "\\"
        "\""
        "\${"
      ];
    in
    "\"" + concatStringsSep "\\n" (map escapeLine lines) + "\"";

  # ''…'' over several lines.  An empty last line means that the text ends with a
  # newline: then the closing quotes go on a line of their own, at the outer level.
  quoteIndented =
    {
      inner,
      outer,
      lines,
    }:
    let
      escapeLine = builtins.replaceStrings [ "\${" "''" ] [ "''\${" "'''" ];
      escaped = map escapeLine lines;
      last = lib.last escaped;
      ending = if last == "" then outer else inner + last;
    in
    "''" + inner + concatStringsSep inner (lib.init escaped) + ending + "''";
in
{
  # Cuts a value at a depth, so that a cyclic one can be shown at all.  A cut place
  # is an error, or the text `<unevaluated>`.
  withRecursion =
    {
      depthLimit,
      throwOnDepthLimit ? true,
    }:
    assert isInt depthLimit;
    let
      cut =
        depth: value:
        if depth <= depthLimit then
          value
        else if throwOnDepthLimit then
          throw "Exceeded maximum eval-depth limit of ${toString depthLimit} while trying to evaluate with `generators.withRecursion'!"
        else
          "<unevaluated>";

      visit =
        depth: value:
        let
          deeper = inner: visit (depth + 1) (cut (depth + 1) inner);
        in
        if isAttrs value then
          mapAttrs (name: inner: if elem name markers then inner else deeper inner) value
        else if isList value then
          map deeper value
        else
          cut (depth + 1) value;
    in
    visit 0;

  toPretty =
    {
      # Let a set `{ __pretty = f; val = x; }` be shown as `f x`.
      allowPrettyValues ? false,
      multiline ? true,
      indent ? "",
    }:
    let
      show =
        indent: value:
        let
          inner = if multiline then "\n${indent}  " else " ";
          outer = if multiline then "\n${indent}" else " ";
          nested = show (indent + "  ");

          showString =
            let
              lines = lib.filter isString (builtins.split "\n" value);
            in
            if multiline && builtins.length lines > 1 then
              quoteIndented { inherit inner outer lines; }
            else
              quoteOneLine lines;

          showList =
            if value == [ ] then "[ ]" else "[" + inner + lib.concatMapStringsSep inner nested value + outer + "]";

          showAttr =
            name:
            let
              text = builtins.addErrorContext "while evaluating an attribute `${name}`" (nested value.${name});
            in
            "${lib.strings.escapeNixIdentifier name} = ${text};";

          showSet =
            if allowPrettyValues && value ? __pretty && value ? val then
              value.__pretty value.val
            else if value == { } then
              "{ }"
            else if (value.type or null) == "derivation" then
              "<derivation ${value.name or "???"}>"
            else
              "{" + inner + lib.concatMapStringsSep inner showAttr (builtins.attrNames value) + outer + "}";
        in
        if isInt value then
          toString value
        # `toString` keeps six digits of a float; JSON keeps what is needed.
        else if isFloat value then
          builtins.toJSON value
        else if isString value then
          showString
        else if builtins.isBool value then
          lib.boolToString value
        else if value == null then
          "null"
        else if builtins.isPath value then
          toString value
        else if isList value then
          showList
        # Sets with __functor count as functions, so this comes before sets.
        else if lib.isFunction value then
          showFunction value
        else if isAttrs value then
          showSet
        else
          abort "generators.toPretty: should never happen (v = ${toString value})";
    in
    show indent;
}
