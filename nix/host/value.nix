# One option of a definition: its value, and who defined it. What `nixos-container option` prints.
#
# `containers.NAME.OPTION` is an option of the host, `containers.NAME.config.OPTION` one of that container's guest.
{ request }:

let
  lib = import ../lib;
  ask = builtins.fromJSON request;
  lock = if ask.lock != null && builtins.pathExists ask.lock then builtins.fromJSON (builtins.readFile ask.lock) else { };
  pkgs = import ../pkgs {
    inherit lib lock;
    inherit (ask) index system;
  };

  evaluated = import ./evaluate.nix {
    inherit lib pkgs;
    inherit (ask) modules;
    hostSystem = ask.system;
    defaultNixpkgs = ask.nixpkgs;
  };

  path = ask.path;
  name = lib.elemAt path 1;
  container =
    evaluated.config.containers.${name} or (throw "The option `${lib.showOption (lib.take 2 path)}' does not exist: no such container");
  inGuest = lib.length path > 2 && lib.elemAt path 2 == "config";
  rest = lib.drop (if inGuest then 3 else 2) path;

  hostOptions =
    let
      meta = evaluated.options.containers.valueMeta or { };
    in
    meta.attrs.${name}.configuration.options or (evaluated.options.containers.type.getSubOptions [ "containers" name ]);

  options = if inGuest then container.config.options else hostOptions;
  config = if inGuest then container.config.config else container;

  show = value: lib.generators.toPretty { allowPrettyValues = true; } (lib.generators.withRecursion { depthLimit = 6; throwOnDepthLimit = false; } value);
  attempt =
    value:
    let
      tried = builtins.tryEval (builtins.deepSeq (show value) (show value));
    in
    if tried.success then tried.value else "«it does not evaluate»";

  option = lib.attrByPath rest null options;
  value = lib.attrByPath rest (throw "The option `${lib.showOption path}' does not exist") config;
in
if lib.length path < 3 || lib.head path != "containers" then
  throw "The option `${lib.showOption path}' does not exist: say containers.NAME.OPTION or containers.NAME.config.OPTION"
else if lib.isOption option then
  {
    version = 1;
    name = lib.showOption path;
    value = attempt value;
    type = option.type.description or "unspecified";
    description = option.description.text or (toString (option.description or ""));
    declarations = map toString (option.declarations or [ ]);
    definitions = map (definition: {
      file = toString definition.file;
      value = attempt definition.value;
    }) (option.definitionsWithLocations or [ ]);
  }
  // lib.optionalAttrs (option ? default) { default = option.defaultText.text or (attempt option.default); }
else if option != null then
  {
    version = 1;
    name = lib.showOption path;
    children = lib.attrNames (removeAttrs option [ "_module" ]);
  }
else
  {
    version = 1;
    name = lib.showOption path;
    value = attempt value;
  }
