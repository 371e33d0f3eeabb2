# Options as documentation.
#
# For: the list and the tree of options that manuals are made from, and the
# kinds of text that stand in for values there.
# Not for: rendering manuals.
{ lib, self }:

let
  inherit (builtins)
    addErrorContext
    attrValues
    concatMap
    filter
    isAttrs
    isBool
    isList
    isString
    map
    mapAttrs
    removeAttrs
    ;

  optionalSet = condition: set: if condition then set else { };

  literal =
    kind: text:
    if isString text then
      {
        _type = kind;
        inherit text;
      }
    else
      throw "${kind} expects a string.";
in
{
  # A type's emptyValue is documented as the default. Not for submodules:
  # theirs may need definitions to evaluate, and their options are listed
  # one by one anyway.
  optionToDocItem =
    opt:
    let
      name = self.showOption opt.loc;
      visible = opt.visible or true;
      type = opt.type or { };
      hasEmptyValue = type.emptyValue or { } ? value && type.getSubModules or null == null;
    in
    {
      description = opt.description or null;
      declarations = filter (file: file != self.unknownModule) opt.declarations;
      internal = opt.internal or false;
      visible = if isBool visible then visible else visible == "shallow";
      readOnly = opt.readOnly or false;
      type = type.description or "unspecified";
    }
    // optionalSet (opt ? example) {
      example = addErrorContext "while evaluating the example of option `${name}`" (
        self.renderOptionValue opt.example
      );
    }
    // optionalSet (opt ? defaultText || opt ? default || hasEmptyValue) {
      default = addErrorContext "while evaluating the ${
        if opt ? defaultText then "defaultText" else "default value"
      } of option `${name}`" (
        self.renderOptionValue (opt.defaultText or opt.default or type.emptyValue.value)
      );
    }
    // optionalSet (opt.relatedPackages or null != null) { inherit (opt) relatedPackages; };

  # Walk a tree of evaluated options.
  #   onOption doc subDocs option, onAttrSet recurse set, empty: the answers.
  foldOptionSet =
    {
      empty ? { },
      onOption ? _: _: _: empty,
      onAttrSet ? _: _: empty,
      ...
    }:
    let
      walk =
        tree:
        if !self.isOption tree then
          onAttrSet walk tree
        else
          let
            visible = tree.visible or true;
            showsSubOptions = if isBool visible then visible else visible == "transparent";
            subOptions = tree.type.getSubOptions tree.loc;
            below = if showsSubOptions && subOptions != { } then walk subOptions else empty;
          in
          onOption (self.optionToDocItem tree) below tree;
    in
    walk;

  # One entry per option, sub-options included, each after its parent.
  optionAttrSetToDocList = self.optionAttrSetToDocList' [ ];

  optionAttrSetToDocList' =
    _:
    self.foldOptionSet {
      empty = [ ];
      onAttrSet = walk: set: concatMap walk (attrValues set);
      onOption =
        doc: below: opt:
        [
          (
            {
              inherit (opt) loc;
              name = self.showOption opt.loc;
            }
            // doc
          )
        ]
        ++ below;
    };

  # The same as a tree; sub-options stand under "*".
  optionToDoc = options: {
    options = self.foldOptionSet {
      onAttrSet = walk: mapAttrs (_: walk);
      onOption =
        doc: below: _:
        { _type = "option"; } // doc // optionalSet (below != { }) { "*" = below; };
    } options;
    "$defs" = { };
  };

  # Replace derivations by their names, at any depth. Kept for callers that
  # print option values themselves.
  scrubOptionValue =
    x:
    if lib.isDerivation x then
      {
        type = "derivation";
        drvPath = x.name;
        outPath = x.name;
        inherit (x) name;
      }
    else if isList x then
      map self.scrubOptionValue x
    else if isAttrs x then
      mapAttrs (_: self.scrubOptionValue) (removeAttrs x [ "_args" ])
    else
      x;

  # Text as it is, anything else as the Nix expression that it would be.
  renderOptionValue =
    value:
    if value ? _type && value ? text then
      value
    else
      self.literalExpression (
        lib.generators.toPretty {
          multiline = true;
          allowPrettyValues = true;
        } value
      );

  # For `example` and `defaultText`: shown as Nix code, not evaluated.
  literalExpression = literal "literalExpression";
  # The same, as Markdown.
  literalMD = literal "literalMD";
  # The same, as a block of code in some language.
  literalCode = language: text: self.literalMD "```${language}\n${text}\n```\n";

  # Old names.
  mdDoc = lib.warn "lib.mdDoc is deprecated: option descriptions are Markdown already, so you can remove any uses of lib.mdDoc." (
    text: text
  );
  literalExample = lib.warn "lib.literalExample is deprecated, use lib.literalExpression instead, or lib.literalMD for a non-Nix description." self.literalExpression;
}
