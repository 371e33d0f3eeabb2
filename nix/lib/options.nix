# lib.options: option declarations, and what is said about options.
#
# For: mkOption and its relatives, the merge functions that types share, the
# documentation list made from evaluated options, and the wording of paths,
# files and definitions in error messages.
#
# Not for: evaluating options (modules/), types (types/).
{ lib }:

let
  inherit (builtins)
    addErrorContext
    all
    any
    attrValues
    catAttrs
    concatLists
    concatMap
    concatStringsSep
    filter
    foldl'
    head
    isAttrs
    isBool
    isInt
    isList
    isString
    length
    map
    mapAttrs
    match
    removeAttrs
    split
    tail
    tryEval
    ;
  inherit (lib.lists) last take toList;

  optionalSet = condition: set: if condition then set else { };

  prioritySuggestion = "Use `lib.mkForce value` or `lib.mkDefault value` to change the priority on any of these definitions.\n";

  # A literal kind of text for `example` and `defaultText`.
  literal =
    kind: text:
    if isString text then
      {
        _type = kind;
        inherit text;
      }
    else
      throw "${kind} expects a string.";

  self = {
    isOption = x: x._type or "" == "option";

    # The pattern is the list of all fields that an option may have; any other
    # is refused by Nix itself. Nothing is filled in: a field that was not
    # given stays absent, because several declarations may be merged.
    mkOption =
      {
        # The value when nobody defines one, with the weakest priority.
        default ? null,
        # What documentation shows instead of evaluating `default`.
        defaultText ? null,
        # A value, or literalExpression / literalMD, for documentation.
        example ? null,
        # Markdown.
        description ? null,
        # Packages that documentation names with the option.
        relatedPackages ? null,
        # From lib.types; unspecified when absent.
        type ? null,
        # Turns the merged value into the one that modules read.
        apply ? null,
        # Hidden from documentation, for use by the modules themselves.
        internal ? null,
        # true, false, "shallow" (hide sub-options), "transparent" (show only those).
        visible ? null,
        # May be set once only; a default counts.
        readOnly ? null,
      }@fields:
      fields // { _type = "option"; };

    # name: what is enabled, as it reads after "Whether to enable".
    mkEnableOption =
      name:
      self.mkOption {
        type = lib.types.bool;
        default = false;
        example = true;
        description = "Whether to enable ${name}.";
      };

    # An option for the package that a module uses.
    # name: the display name; or a path, of which the last part is displayed.
    mkPackageOption =
      pkgs: name:
      {
        # Whether null is a value. With it, `default = null` means null, not "no default".
        nullable ? false,
        # Attribute name or path in pkgs.
        default ? name,
        # Verbatim Nix text, or a path in pkgs.
        example ? null,
        extraDescription ? "",
        # How pkgs is written in the documentation.
        pkgsText ? "pkgs",
      }:
      let
        displayName = if isList name then last name else name;
        path = toList default;
        shownPath = lib.attrsets.showAttrPath path;
        package = lib.attrsets.attrByPath path (throw "${shownPath} cannot be found in ${pkgsText}") pkgs;
      in
      self.mkOption (
        {
          type = if nullable then lib.types.nullOr lib.types.package else lib.types.package;
          description =
            "The ${displayName} package to use."
            + (if extraDescription == "" then "" else " ${extraDescription}");
        }
        // (
          if default != null then
            {
              default = package;
              defaultText = self.literalExpression "${pkgsText}.${shownPath}";
            }
          else
            optionalSet nullable { default = null; }
        )
        // optionalSet (example != null) {
          example = self.literalExpression (
            if isList example then "${pkgsText}.${lib.attrsets.showAttrPath example}" else example
          );
        }
      );

    # Takes any definition and has no value. Lets a module be used where the
    # options that it defines do not matter and are not declared.
    mkSinkUndeclaredOptions =
      attrs:
      self.mkOption (
        {
          internal = true;
          visible = false;
          default = false;
          description = "Sink for option definitions.";
          type = lib.types.mkOptionType {
            name = "sink";
            check = _: true;
            merge = _: _: false;
          };
          apply = _: throw "Option value is not readable because the option is not declared.";
        }
        // attrs
      );

    # -- merge functions: loc -> [ { file; value; } ] -> value ------------------

    # What types without a merge of their own do: guess from the values.
    mergeDefaultOption =
      loc: defs:
      let
        values = self.getValues defs;
        first = head values;
      in
      if length values == 1 then
        first
      else if all lib.isFunction values then
        x: self.mergeDefaultOption loc (map (f: f x) values)
      else if all isList values then
        concatLists values
      else if all isAttrs values then
        foldl' (a: b: a // b) { } values
      else if all isBool values then
        any (x: x) values
      else if all isString values then
        concatStringsSep "" values
      else if all isInt values && all (x: x == first) values then
        first
      else
        throw "Cannot merge definitions of `${self.showOption loc}'. Definition values:${self.showDefs defs}";

    mergeOneOption = self.mergeUniqueOption { message = ""; };

    # message: why there can be only one. merge: for types that check or
    # convert while merging.
    mergeUniqueOption =
      {
        message,
        merge ? _: defs: (head defs).value,
      }:
      loc: defs:
      if length defs == 1 then
        merge loc defs
      else
        assert length defs > 1;
        throw "The option `${self.showOption loc}' is defined multiple times while it's expected to be unique.\n${message}\nDefinition values:${self.showDefs defs}\n${prioritySuggestion}";

    # Several definitions are fine as long as they agree. A single one is not
    # compared with anything, so it may be a function.
    mergeEqualOption =
      loc: defs:
      let
        first = head defs;
        agree =
          _: def:
          if def.value == first.value then
            null
          else
            throw "The option `${self.showOption loc}' has conflicting definition values:${
              self.showDefs [
                first
                def
              ]
            }\n${prioritySuggestion}";
      in
      if defs == [ ] then
        abort "mergeEqualOption: `${self.showOption loc}' has no definition to merge."
      else if length defs == 1 then
        first.value
      else
        builtins.seq (foldl' agree null (tail defs)) first.value;

    getValues = catAttrs "value";
    getFiles = catAttrs "file";

    # -- documentation ----------------------------------------------------------

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

    literalExpression = literal "literalExpression";
    literalMD = literal "literalMD";
    literalCode = language: text: self.literalMD "```${language}\n${text}\n```\n";

    # Descriptions are Markdown by now, so these add nothing.
    mdDoc = lib.warn "lib.mdDoc will be removed from nixpkgs in 24.11. Option descriptions are now in Markdown by default; you can remove any remaining uses of lib.mdDoc." (
      text: text
    );

    # -- wording ----------------------------------------------------------------

    # [ "a" "b.c" "<name>" ] -> a."b.c".<name>. Placeholders are not names, so
    # they are not quoted.
    showOption =
      parts:
      let
        show =
          part:
          if part == "*" || match "<(.*)>" part != null then
            part
          else
            lib.strings.escapeNixIdentifier part;
      in
      concatStringsSep "." (map show parts);

    showFiles = files: concatStringsSep " and " (map (file: "`${toString file}'") files);

    # One line per definition: file, and the value if it can be evaluated. Of
    # long values the first five lines.
    showDefs =
      defs:
      let
        show =
          def:
          let
            pretty = tryEval (
              lib.generators.toPretty { } (
                lib.generators.withRecursion {
                  depthLimit = 10;
                  throwOnDepthLimit = false;
                } def.value
              )
            );
            lines = filter isString (split "\n" pretty.value);
            shown = concatStringsSep "\n    " (take 5 lines ++ (if length lines > 5 then [ "..." ] else [ ]));
            value =
              if !pretty.success then
                ""
              else if length lines > 1 then
                ":\n    ${shown}"
              else
                ": ${shown}";
          in
          "\n- In `${toString def.file}'${value}";
      in
      concatStringsSep "" (map show defs);

    showOptionWithDefLocs = opt: ''
      ${self.showOption opt.loc}, with values defined in:
      ${concatStringsSep "\n" (map (file: "  - ${toString file}") opt.files)}
    '';

    # The file of a module that has none.
    unknownModule = "<unknown-file>";
  };
in
self
