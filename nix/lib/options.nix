# lib.options: option declarations, and what is said about options.
#
# For: mkOption and its relatives, and the merge functions that types share;
# with ./options/documentation.nix and ./options/wording.nix.
#
# Not for: evaluating options (modules/), types (types/).
{ lib }:

let
  inherit (builtins)
    all
    any
    catAttrs
    concatLists
    concatStringsSep
    foldl'
    head
    isAttrs
    isBool
    isInt
    isList
    isString
    length
    map
    tail
    ;
  inherit (lib.lists) last toList;

  prioritySuggestion = "Use `lib.mkForce value` or `lib.mkDefault value` to change the priority on any of these definitions.\n";

  optionalSet = condition: set: if condition then set else { };

  self =
    import ./options/documentation.nix { inherit lib self; }
    // import ./options/wording.nix { inherit lib; }
    // own;

  own = {
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

    mkPackageOptionMD = lib.warn "lib.mkPackageOptionMD is deprecated, use lib.mkPackageOption instead." self.mkPackageOption;

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
        x: self.mergeDefaultOption loc (map (def: def // { value = def.value x; }) defs)
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
  };
in
self
