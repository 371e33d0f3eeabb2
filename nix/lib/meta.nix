# The `meta` attribute of packages: priorities, platforms, licenses, the main
# program.
#
# Not for: the license texts themselves (licenses.nix).
{ lib }:

let
  inherit (builtins)
    all
    any
    isString
    match
    typeOf
    ;
  inherit (lib) isDerivation;
  inherit (lib.asserts) assertMsg;

  byLowerCaseId = lib.mapAttrs' (
    id: license: lib.nameValuePair (lib.toLower id) license
  ) lib.meta.licensesSpdx;
in
rec {
  # Where the package knows how, the change survives a later override.
  addMetaAttrs =
    new: drv:
    if drv ? overrideAttrs then
      drv.overrideAttrs (old: {
        meta = (old.meta or { }) // new;
      })
    else
      drv // { meta = (drv.meta or { }) // new; };

  dontDistribute = addMetaAttrs { hydraPlatforms = [ ]; };

  setName = name: drv: drv // { inherit name; };

  updateName = updater: drv: drv // { name = updater drv.name; };

  # Before the version: name-1.0 -> name-suffix-1.0.
  appendToName =
    suffix:
    updateName (
      name:
      let
        parsed = builtins.parseDrvName name;
        version = lib.optionalString (parsed.version != "") "-${parsed.version}";
      in
      "${parsed.name}-${suffix}${version}"
    );

  mapDerivationAttrset = f: builtins.mapAttrs (_: pkg: if isDerivation pkg then f pkg else pkg);

  # --- priorities: the lower number wins ------------------------------------

  defaultPriority = 5;

  setPrio = priority: addMetaAttrs { inherit priority; };

  lowPrio = setPrio 10;

  lowPrioSet = mapDerivationAttrset lowPrio;

  hiPrio = setPrio (-10);

  hiPrioSet = mapDerivationAttrset hiPrio;

  # --- platforms ------------------------------------------------------------

  # A string is a system ("x86_64-linux"), a set is a pattern for the platform
  # or for its `parsed` attribute.
  platformMatch =
    platform: pattern:
    if isString pattern then
      platform ? system && pattern == platform.system
    else
      lib.matchAttrs (if pattern ? parsed then pattern else { parsed = pattern; }) platform;

  availableOn =
    platform: pkg:
    (!(pkg ? meta.platforms) || any (platformMatch platform) pkg.meta.platforms)
    && all (pattern: !platformMatch platform pattern) (pkg.meta.badPlatforms or [ ]);

  # --- licenses -------------------------------------------------------------

  licensesSpdx = lib.mapAttrs' (_: license: lib.nameValuePair license.spdxId license) (
    lib.filterAttrs (_: license: license ? spdxId) lib.licenses
  );

  getLicenseFromSpdxId =
    id:
    getLicenseFromSpdxIdOr id (
      lib.warn "getLicenseFromSpdxId: No license matches the given SPDX ID: ${id}" { shortName = id; }
    );

  getLicenseFromSpdxIdOr = id: default: byLowerCaseId.${lib.toLower id} or default;

  # --- the main program -----------------------------------------------------

  getExe =
    pkg:
    getExe' pkg (
      pkg.meta.mainProgram or (lib.warn
        "getExe: Package ${
          lib.strings.escapeNixIdentifier (pkg.meta.name or pkg.pname or pkg.name)
        } does not have the meta.mainProgram attribute. The package's own name is taken for now, which is wrong for many packages. Set `meta.mainProgram` where the package is defined, or name the program here: lib.getExe' package \"program\"."
        (lib.getName pkg)
      )
    );

  getExe' =
    pkg: program:
    assert assertMsg (isDerivation pkg)
      "lib.meta.getExe': The first argument is of type ${typeOf pkg}, but it should be a derivation instead.";
    assert assertMsg (isString program)
      "lib.meta.getExe': The second argument is of type ${typeOf program}, but it should be a string instead.";
    assert assertMsg (match ".*/.*" program == null)
      "lib.meta.getExe': The second argument \"${program}\" is a nested path with a \"/\" character, but it should just be the name of the executable instead.";
    "${lib.getBin pkg}/bin/${program}";

  # --- names in the vulnerability databases (CPE) ---------------------------

  cpeFullVersionWithVendor = vendor: version: {
    inherit vendor version;
    update = "*";
  };

  # "1.2.3" -> version 1.2, update 3; a result in `tryEval` style.
  tryCPEPatchVersionInUpdateWithVendor =
    vendor: version:
    let
      regex = "([0-9]+\\.[0-9]+)\\.([0-9]+)";
      parts = match regex (toString version);
    in
    if parts == null then
      {
        success = false;
        error = "version ${toString version} doesn't match regex `${regex}`";
      }
    else
      {
        success = true;
        value = {
          inherit vendor;
          version = builtins.elemAt parts 0;
          update = builtins.elemAt parts 1;
        };
      };

  cpePatchVersionInUpdateWithVendor =
    vendor: version:
    let
      result = tryCPEPatchVersionInUpdateWithVendor vendor version;
    in
    if result.success then result.value else throw result.error;
}
