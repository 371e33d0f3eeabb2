# What `systemd.services."container@NAME"` says, as plain data for the spec: directive -> list of values as they stand in a unit.
{ lib }:

service:

let
  text =
    value:
    if lib.isBool value then
      lib.boolToString value
    else
      builtins.unsafeDiscardStringContext (toString value);

  directives = lib.mapAttrs (_: value: map text (lib.toList value));

  ordering = lib.filterAttrs (_: units: units != [ ]) {
    After = service.after;
    Before = service.before;
    Requires = service.requires;
    Wants = service.wants;
    BindsTo = service.bindsTo;
    PartOf = service.partOf;
    Conflicts = service.conflicts;
  };

  environment = lib.mapAttrsToList (name: value: "${name}=${value}") (
    lib.filterAttrs (_: value: value != null) service.environment
  );
in
{
  serviceConfig =
    directives service.serviceConfig
    // lib.optionalAttrs (environment != [ ]) {
      Environment = map text (lib.toList (service.serviceConfig.Environment or [ ])) ++ environment;
    };
  unitConfig = lib.zipAttrsWith (_: lib.concatLists) [
    (directives service.unitConfig)
    ordering
  ];
  # What upstream's module would make of these is not known here.
  unitOther = lib.attrNames (
    removeAttrs service [
      "serviceConfig"
      "unitConfig"
      "environment"
      "after"
      "before"
      "requires"
      "wants"
      "bindsTo"
      "partOf"
      "conflicts"
      "_module"
    ]
  );
}
