# Data formats: JSON, YAML, Apple property lists and Dhall.
#
# Not for: pretty printed JSON or YAML.  YAML 1.2 contains JSON, and the
# compact form is what every parser reads.
{ lib }:

let
  inherit (builtins)
    attrNames
    concatStringsSep
    isAttrs
    isBool
    isFloat
    isInt
    isList
    isPath
    isString
    ;
in
rec {
  toJSON = { }: builtins.toJSON;

  toYAML = { }: builtins.toJSON;

  # Property list in XML.  Without `escape` the texts go in as they are, which is
  # what old configurations with hand-made entities rely on.
  toPlist =
    {
      escape ? false,
    }:
    value:
    let
      text = if escape then lib.strings.escapeXML else (string: string);
      tag = name: content: "<${name}>${content}</${name}>";

      # null has no property list form: its entry is left out.
      present = name: attrs: name != "_module" && attrs.${name} != null;

      lines = concatStringsSep "\n";

      block =
        indent: name: content:
        lines [
          "${indent}<${name}>"
          content
          "${indent}</${name}>"
        ];

      entry =
        indent: attrs: name:
        lines [
          (indent + tag "key" (text name))
          (element indent attrs.${name})
        ];

      element =
        indent: item:
        let
          deeper = "\t" + indent;
        in
        if item == null then
          ""
        else if isBool item then
          indent + (if item then "<true/>" else "<false/>")
        else if isInt item then
          indent + tag "integer" (toString item)
        else if isString item then
          indent + tag "string" (text item)
        else if isList item then
          block indent "array" (lines (map (element deeper) item))
        else if isAttrs item then
          block indent "dict" (
            lines (map (entry deeper item) (lib.filter (name: present name item) (attrNames item)))
          )
        else if isPath item then
          indent + tag "string" (text (toString item))
        else if isFloat item then
          indent + tag "real" (toString item)
        else
          abort "generators.toPlist: should never happen (v = ${lib.generators.toPretty { } item})";

      document = lines [
        ''<?xml version="1.0" encoding="UTF-8"?>''
        ''<!DOCTYPE plist PUBLIC "-//Apple Computer//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">''
        ''<plist version="1.0">''
        (element "" value)
        "</plist>"
      ];
    in
    lib.warnIf (!escape && lib.oldestSupportedReleaseIsAtLeast 2505)
      "Using `lib.generators.toPlist` without `escape = true` is deprecated"
      document;

  # Dhall.  Integers always carry a sign: they are Integer, never Natural.
  toDhall =
    { }@args:
    value:
    let
      nested = toDhall args;
      commas = concatStringsSep ", ";
    in
    if isAttrs value then
      "{ ${commas (map (name: "${name} = ${nested value.${name}}") (attrNames value))} }"
    else if isList value then
      "[ ${commas (map nested value)} ]"
    else if isInt value then
      (if value < 0 then "" else "+") + toString value
    else if isBool value then
      (if value then "True" else "False")
    else if lib.isFunction value then
      abort "generators.toDhall: cannot convert a function to Dhall"
    else if value == null then
      abort "generators.toDhall: cannot convert a null to Dhall"
    else
      builtins.toJSON value;
}
