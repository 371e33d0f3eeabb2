# Definitions: from what the modules say about one option to its value.
#
# For: conditions, priorities, order, the type check, the merge, defaults,
# readOnly and apply.
# Not for: finding the definitions of an option (tree.nix); how a type merges
# (types/).
{ lib, self, ... }:

let
  inherit (builtins)
    addErrorContext
    all
    any
    catAttrs
    concatMap
    filter
    head
    length
    mapAttrs
    zipAttrsWith
    ;
  inherit (self)
    checkV2MergeCoherence
    defaultOverridePriority
    dischargeProperties
    evaluateOption
    filterOverrides'
    mergeDefinitions
    mkOptionDefault
    pushDownProperties
    sortProperties
    ;
  inherit (lib.options) showDefs showFiles showOption;

  inDefinitionsOf = file: addErrorContext "while evaluating definitions from `${toString file}':";

  # Definitions that are settled: what counts, and how strongly.
  #   values       [ { file; value; } ] without properties
  #   highestPrio  the priority that won
  #   isDefined    whether there are any
  #
  # Thousands of options are settled for one system, and nearly all of them
  # have a default, or one definition, or plain definitions only. Those ways
  # are written out; settleMany is the rule that they are cases of.
  settleMany =
    defs:
    let
      discharge =
        def:
        map (
          value:
          if value._type or null == "definition" then
            value
          else
            {
              inherit (def) file;
              inherit value;
            }
        ) (inDefinitionsOf def.file (dischargeProperties def.value));
      chosen = filterOverrides' (concatMap discharge defs);
      isOrdered = def: def.value._type or null == "order";
    in
    {
      values = if any isOrdered chosen.values then sortProperties chosen.values else chosen.values;
      inherit (chosen) highestPrio;
      isDefined = chosen.values != [ ];
    };

  settleOne =
    file: value:
    let
      tag = inDefinitionsOf file (value._type or null);
    in
    if tag == null then
      {
        values = [ { inherit file value; } ];
        highestPrio = defaultOverridePriority;
        isDefined = true;
      }
    else if tag == "override" then
      {
        values = [
          {
            inherit file;
            # Not looked at before the value is read.
            value = withoutOrder value.content;
          }
        ];
        highestPrio = value.priority;
        isDefined = true;
      }
    else if tag == "if" && inDefinitionsOf file value.condition == true then
      settleOne file value.content
    else
      settleMany [ { inherit file value; } ];

  withoutOrder = value: if value._type or null == "order" then value.content else value;

  settle =
    defs:
    if length defs == 1 then
      settleOne (head defs).file (head defs).value
    else if all (def: inDefinitionsOf def.file (def.value._type or null) == null) defs then
      {
        values = defs;
        highestPrio = if defs == [ ] then 9999 else defaultOverridePriority;
        isDefined = defs != [ ];
      }
    else
      settleMany defs;

  # A default is a definition of its own priority: it only counts beside
  # others of that priority, which nobody writes.
  settleWithDefault =
    opt: declarations: defs:
    if defs == [ ] then
      settleDefault opt declarations
    else
      let
        settled = settle defs;
      in
      if settled.highestPrio < defaultPriority then
        settled
      else if settled.highestPrio > defaultPriority then
        settleDefault opt declarations
      else
        settleMany (
          [
            {
              file = head declarations;
              value = mkOptionDefault opt.default;
            }
          ]
          ++ defs
        );

  settleDefault = opt: declarations: {
    values = [
      {
        file = head declarations;
        value = withoutOrder opt.default;
      }
    ];
    highestPrio = defaultPriority;
    isDefined = true;
  };

  defaultPriority = (mkOptionDefault null).priority;

  wrongType = loc: type: "A definition for option `${showOption loc}' is not of type `${type.description}'.";

  # The argument pattern is the check that a type's merge.v2 answers with
  # exactly these three attributes.
  asAnswer =
    {
      headError,
      value,
      valueMeta,
    }@answer:
    answer;

  # What a type with merge.v2 says about settled definitions.
  answerOf =
    loc: type: defs:
    let
      answer = asAnswer (checkV2MergeCoherence loc type (type.merge.v2 { inherit loc defs; }));
    in
    {
      inherit (answer) headError value;
      valueMeta = answer.valueMeta // {
        _internal = { inherit type; };
      };
    };

  # The value of settled definitions. answer: of answerOf, read only if the
  # type has merge.v2.
  valueFrom =
    loc: type: settled: answer:
    if settled.isDefined then
      if type.merge ? v2 then
        if answer.headError == null then
          answer.value
        else
          throw "${wrongType loc type} TypeError: ${answer.headError.message}"
      else if
        (
          if length settled.values == 1 then
            type.check (head settled.values).value
          else
            all (def: type.check def.value) settled.values
        )
      then
        type.merge loc settled.values
      else
        throw "${wrongType loc type} Definition values:${
          showDefs (filter (def: !type.check def.value) settled.values)
        }"
    else if type.emptyValue ? value then
      type.emptyValue.value
    else
      # Tools recognise this sentence; do not reword it.
      throw "The option `${showOption loc}' was accessed but has no value defined. Try setting the option.";

  # The error for a readOnly option. Each definition is shown as the value that
  # it alone would give, not as the mkIf or mkDefault that it may be wrapped in.
  setTooOften =
    loc: opt: type: declarations: defs:
    let
      default = {
        file = head declarations;
        value = opt.default;
      };
      alone = def: def // { value = (mergeDefinitions loc type [ def ]).mergedValue; };
      all = (if opt ? default then [ default ] else [ ]) ++ defs;
    in
    throw "The option `${showOption loc}' is read-only, but it's set multiple times. Definition values:${showDefs (map alone all)}";
in
{
  # Refuse a type that merges and checks in one step (merge.v2) but whose
  # check was replaced with `//`: the replacement would never be called.
  checkV2MergeCoherence =
    loc: type: result:
    if type.check.isV2MergeCoherent or false then
      result
    else
      throw ''
        The option `${showOption loc}' has a type `${type.description}' that uses
        an ad-hoc `type // { check = ...; }' override, which is incompatible with
        the v2 merge mechanism.

        Please use `lib.types.addCheck` instead of `type // { check }' to add
        custom validation. For example:

          lib.types.addCheck baseType (value: /* your check */)

        instead of:

          baseType // { check = value: /* your check */; }
      '';

  # Merge the definitions [ { file; value; } ] of one value of the given type.
  #   defsFinal         the definitions that count, without properties
  #   defsFinal'        those as `values`, and the priority that won
  #   isDefined         whether any definition counts
  #   mergedValue       the value; throws if there is none or its type is wrong
  #   optionalValue     { value; } or { }
  #   checkedAndMerged  { headError; value; valueMeta; }
  mergeDefinitions =
    loc: type: defs:
    let
      settled = settle defs;
      mergedValue = valueFrom loc type settled checkedAndMerged;
      checkedAndMerged =
        if type.merge ? v2 then
          answerOf loc type settled.values
        else
          {
            headError = null;
            value = mergedValue;
            valueMeta = { };
          };
    in
    {
      defsFinal' = settled;
      defsFinal = settled.values;
      inherit (settled) isDefined;
      inherit mergedValue checkedAndMerged;
      optionalValue = if settled.isDefined then { value = mergedValue; } else { };
    };

  # The evaluated option: its declaration, its value, and what is known about
  # its definitions.
  evalOptionValue =
    loc: opt: defs:
    (evaluateOption loc opt opt.type opt.declarations (opt.declarationPositions or [ ]) defs)
    .matchedOptions;

  # The same as a node of the tree: { matchedOptions; values; }, the option and
  # its value. Apart, because of most options only the value is ever read, and
  # the set that describes the option is never made.
  evaluateOption =
    loc: opt: type: declarations: declarationPositions: defs:
    let
      settled =
        if opt ? default then
          if opt.readOnly or false && defs != [ ] then
            setTooOften loc opt type declarations defs
          else
            settleWithDefault opt declarations defs
        else if opt.readOnly or false && length defs > 1 then
          setTooOften loc opt type declarations defs
        else
          settle defs;
      inherit (settled) values;

      answer = answerOf loc type values;
      merged = valueFrom loc type settled answer;

      value = addErrorContext "while evaluating the option `${showOption loc}':" (
        if type.deprecationMessage or null == null then applied else warnDeprecated applied
      );
      applied = if opt ? apply then opt.apply merged else merged;
      warnDeprecated = lib.warn "The type `types.${type.name}' of option `${showOption loc}' defined in ${showFiles declarations} is deprecated. ${type.deprecationMessage}";
    in
    {
      values = value;
      matchedOptions = opt // {
        inherit
          loc
          type
          declarations
          declarationPositions
          value
          ;
        inherit (settled) highestPrio isDefined;
        definitions = catAttrs "value" values;
        files = catAttrs "file" values;
        definitionsWithLocations = values;
        valueMeta = if type.merge ? v2 then answer.valueMeta else { };
        __toString = _: showOption loc;
      };
    };

  # The attributes of an attrsOf option one by one, each with the priority
  # that won for it: { <name> = { value; highestPrio; }; }.
  mergeAttrDefinitionsWithPrio =
    opt:
    let
      spread =
        def:
        map (mapAttrs (_: value: def // { inherit value; })) (pushDownProperties def.value);
      mergeOne =
        name: defs:
        let
          merged = mergeDefinitions (opt.loc ++ [ name ]) opt.type.nestedTypes.elemType defs;
        in
        {
          value = merged.mergedValue;
          inherit (merged.defsFinal') highestPrio;
        };
    in
    assert opt.type.name == "attrsOf" || opt.type.name == "lazyAttrsOf";
    zipAttrsWith mergeOne (concatMap spread opt.definitionsWithLocations);
}
