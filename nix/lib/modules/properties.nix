# Properties: values that say how a definition counts (mkIf, mkMerge,
# mkOverride, mkOrder), and the functions that take them off again.
#
# For: making properties, pushing them down into attribute sets, discharging
# conditions, choosing by priority, sorting by order.
#
# Not for: merging values of a type (definitions.nix), forwarding the
# definitions of one option to another (aliases.nix).
{ lib, self, ... }:

let
  inherit (builtins)
    concatMap
    filter
    foldl'
    head
    isAttrs
    isBool
    length
    map
    mapAttrs
    sort
    ;

  inherit (self)
    defaultOrderPriority
    defaultOverridePriority
    dischargeProperties
    filterOverrides'
    mapDefinitionValue
    mkIf
    mkOrder
    mkOverride
    pushDownProperties
    ;

  # The tag of a value, or null. Forces the value, as every reader of a
  # property has to.
  tagOf = value: value._type or null;

  # A definition's own priority, and the definition without its wrapper.
  priorityOf = def: if tagOf def.value == "override" then def.value.priority else defaultOverridePriority;
  unwrapOverride =
    def: if tagOf def.value == "override" then def // { value = def.value.content; } else def;

  # Wrap every attribute of a set. What is not a set stays as it is: the
  # caller reports it with file and option path, which a failing mapAttrs
  # could not do.
  wrapEach = wrap: set: if isAttrs set then mapAttrs (_: wrap) set else set;
in
{
  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };

  mkAssert =
    assertion: message: content:
    mkIf (if assertion then true else throw "\nFailed assertion: ${message}") content;

  mkMerge = contents: {
    _type = "merge";
    inherit contents;
  };

  # A definition that brings its own file along. Used when definitions of one
  # option are handed to another and should keep their place of origin.
  mkDefinition = args@{ file, value, ... }: args // { _type = "definition"; };

  # A smaller number wins. 100 is what a plain definition has.
  mkOverride = priority: content: {
    _type = "override";
    inherit priority content;
  };
  mkOptionDefault = mkOverride 1500;
  mkDefault = mkOverride 1000;
  defaultOverridePriority = 100;
  mkImageMediaOverride = mkOverride 60;
  mkForce = mkOverride 50;
  mkVMOverride = mkOverride 10;

  # A smaller number comes first. 1000 is what a plain definition has.
  mkOrder = priority: content: {
    _type = "order";
    inherit priority content;
  };
  mkBefore = mkOrder 500;
  defaultOrderPriority = 1000;
  mkAfter = mkOrder 1500;

  mkFixStrictness = lib.warn "lib.mkFixStrictness has no effect and will be removed. It returns its argument unmodified, so you can just remove any calls." (
    x: x
  );

  # Apply `f` to the value inside a definition; all properties around the
  # value are kept.
  mapDefinitionValue =
    f: def:
    let
      tag = tagOf def;
      inner = mapDefinitionValue f;
    in
    if tag == "merge" then
      def // { contents = map inner def.contents; }
    else if tag == "if" || tag == "override" || tag == "order" then
      def // { content = inner def.content; }
    else if tag == "definition" then
      def // { value = inner def.value; }
    else
      f def;

  # Turn one config value into a list of plain sets: mkMerge is expanded, and
  # mkIf and mkOverride move onto the attributes. This is what lets a
  # condition read the configuration that it is part of: the names are known
  # before the condition is looked at.
  pushDownProperties =
    value:
    let
      tag = value._type or null;
    in
    if tag == null then
      [ value ]
    else if tag == "merge" then
      concatMap pushDownProperties value.contents
    else if tag == "if" then
      map (wrapEach (mkIf value.condition)) (pushDownProperties value.content)
    else if tag == "override" then
      map (wrapEach (mkOverride value.priority)) (pushDownProperties value.content)
    else
      [ value ];

  # Turn one definition into the list of values that count: mkMerge is
  # expanded, and the conditions of mkIf are evaluated here and nowhere else.
  dischargeProperties =
    value:
    let
      tag = value._type or null;
    in
    if tag == "merge" then
      concatMap dischargeProperties value.contents
    else if tag == "if" then
      if !isBool value.condition then
        throw "‘mkIf’ called with a non-Boolean condition"
      else if value.condition then
        dischargeProperties value.content
      else
        [ ]
    else
      [ value ];

  # Keep only the definitions with the best priority, without their mkOverride.
  filterOverrides = defs: (filterOverrides' defs).values;

  # The same, and the priority that won. 9999 is the answer for no definition.
  filterOverrides' =
    defs:
    if length defs == 1 then
      {
        values = map unwrapOverride defs;
        highestPrio = priorityOf (head defs);
      }
    else
      let
        highestPrio = foldl' (
          best: def:
          let
            prio = priorityOf def;
          in
          if prio < best then prio else best
        ) 9999 defs;
      in
      {
        values = map unwrapOverride (filter (def: priorityOf def == highestPrio) defs);
        inherit highestPrio;
      };

  # Sort by mkOrder and take the wrapper off. The sort is stable: equal
  # orders keep the order of the modules.
  sortProperties =
    defs:
    let
      unwrapOrder =
        def:
        if tagOf def.value == "order" then
          def
          // {
            value = def.value.content;
            inherit (def.value) priority;
          }
        else
          def;
      orderOf = def: def.priority or defaultOrderPriority;
    in
    sort (a: b: orderOf a < orderOf b) (map unwrapOrder defs);
}
