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
    isAttrs
    length
    mapAttrs
    zipAttrsWith
    ;
  inherit (self)
    checkV2MergeCoherence
    defaultOverridePriority
    dischargeProperties
    filterOverrides'
    mergeDefinitions
    mkOptionDefault
    pushDownProperties
    sortProperties
    ;
  inherit (lib.options) showDefs showFiles showOption;

  isPlain = value: !(isAttrs value && value ? _type);

  inDefinitionsOf = file: addErrorContext "while evaluating definitions from `${toString file}':";

  # Definitions that are settled: what counts, and how strongly.
  #   values       [ { file; value; } ] without properties
  #   highestPrio  the priority that won
  #   isDefined    whether there are any
  # The general way: discharge, choose by priority, sort.
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

  # One definition, and it is a plain value: nothing has to be discharged,
  # compared or sorted.
  settle =
    defs:
    if length defs == 1 && inDefinitionsOf (head defs).file (isPlain (head defs).value) then
      {
        values = defs;
        highestPrio = defaultOverridePriority;
        isDefined = true;
      }
    else
      settleMany defs;

  # An option that nobody defines, and which has a default: the most common
  # case of all. The default is not looked at before the value is.
  settleDefault = opt: {
    values =
      if isPlain opt.default then
        [
          {
            file = head opt.declarations;
            value = opt.default;
          }
        ]
      else
        (settleMany [ (defaultDefinition opt) ]).values;
    highestPrio = defaultPriority;
    isDefined = true;
  };

  defaultPriority = (mkOptionDefault null).priority;

  defaultDefinition = opt: {
    file = head opt.declarations;
    value = mkOptionDefault opt.default;
  };

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

  answerOf =
    loc: type: defs:
    let
      answer = checkV2MergeCoherence loc type (type.merge.v2 { inherit loc defs; });
    in
    asAnswer (
      answer
      // {
        valueMeta = answer.valueMeta // {
          _internal = { inherit type; };
        };
      }
    );

  mergeSettled =
    loc: type: settled:
    let
      mergedValue =
        if settled.isDefined then
          if type.merge ? v2 then
            if checkedAndMerged.headError or null != null then
              throw "${wrongType loc type} TypeError: ${checkedAndMerged.headError.message}"
            else
              checkedAndMerged.value
          else if all (def: type.check def.value) settled.values then
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
  mergeDefinitions = loc: type: defs: mergeSettled loc type (settle defs);

  # The evaluated option: its declaration, its value, and what is known about
  # its definitions.
  evalOptionValue =
    loc: opt: defs:
    let
      allDefs = if opt ? default then [ (defaultDefinition opt) ] ++ defs else defs;

      # Each definition is shown as the value that it alone would give, not
      # as the mkIf or mkDefault that it may be wrapped in.
      alone = def: def // { value = (mergeDefinitions loc opt.type [ def ]).mergedValue; };

      merged =
        if defs == [ ] && opt ? default then
          mergeSettled loc opt.type (settleDefault opt)
        else if opt.readOnly or false && length allDefs > 1 then
          throw "The option `${showOption loc}' is read-only, but it's set multiple times. Definition values:${showDefs (map alone allDefs)}"
        else
          mergeDefinitions loc opt.type allDefs;

      warned =
        if opt.type.deprecationMessage or null == null then
          opt
        else
          lib.warn "The type `types.${opt.type.name}' of option `${showOption loc}' defined in ${showFiles opt.declarations} is deprecated. ${opt.type.deprecationMessage}" opt;
    in
    warned
    // {
      value = addErrorContext "while evaluating the option `${showOption loc}':" (
        if opt ? apply then opt.apply merged.mergedValue else merged.mergedValue
      );
      inherit (merged.defsFinal') highestPrio;
      definitions = catAttrs "value" merged.defsFinal;
      files = catAttrs "file" merged.defsFinal;
      definitionsWithLocations = merged.defsFinal;
      inherit (merged) isDefined;
      inherit (merged.checkedAndMerged) valueMeta;
      __toString = _: showOption loc;
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
