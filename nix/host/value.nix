# One option of a definition: its value, and who defined it. What `nixos-container option` prints.
#
# `containers.NAME.OPTION` is an option of the host, `containers.NAME.config.OPTION` one of that container's guest. The path is
# walked through the options, into submodules, as far as it goes. Not for documentation: see documentation.nix.
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
    # With the closures of the lock, values are those that `switch` builds.
    closureOf = name: lock.closures.${lock.systems.${name}.closure or ""} or [ ];
    hostSystem = ask.system;
    defaultNixpkgs = (import ./nixpkgs.nix { inherit lib; }).resolve ask.nixpkgs;
  };

  show = import ./show.nix { inherit lib; };

  # What stands below an option, if its type is one of submodules: the options of this one value where the module
  # system tells (valueMeta), otherwise those that the type declares.
  below =
    option: name: value:
    let
      meta = option.valueMeta or { };
      isList = meta ? list;
      number = lib.toIntBase10 name;
      own =
        if isList then
          (lib.elemAt meta.list number).configuration.options or null
        else
          meta.attrs.${name}.configuration.options or meta.configuration.options.${name} or null;
      declared = option.type.getSubOptions option.loc;
    in
    if own != null then own else if isContainer value then declared else declared.${name} or null;

  # The options and families of options at one place, without those that are not for people.
  names =
    options:
    lib.filter (
      name: name != "_module" && !(lib.isOption options.${name} && (options.${name}.internal or false || options.${name}.visible or true == false))
    ) (lib.attrNames options);

  isContainer = value: lib.isAttrs value || lib.isList value;

  walk =
    {
      # What was passed already, and what is left to pass.
      passed ? [ ],
      left,
      # Options at this place (a tree of options, one option, or null where there are only values) and the value.
      options,
      value,
      # The option that holds this place.
      holder ? null,
    }:
    let
      name = lib.head left;
      isOption = options != null && lib.isOption options;
      next = {
        passed = passed ++ [ name ];
        left = lib.tail left;
      };
      # An option's value is forced only when the path goes through it.
      inside =
        if lib.isAttrs value then
          value.${name}
        else if lib.isList value then
          lib.elemAt value (lib.toIntBase10 name)
        else
          null;
      has = (lib.isAttrs value && value ? ${name}) || (lib.isList value && lib.match "[0-9]+" name != null && lib.toIntBase10 name < lib.length value);
      missing = known: {
        inherit passed known;
        missing = name;
      };
    in
    if left == [ ] then
      found {
        inherit
          passed
          options
          value
          holder
          ;
      }
    else if isOption && lib.take 1 passed == [ "containers" ] && lib.length passed == 3 && lib.last passed == "config" then
      # The guest: a whole evaluation of its own.
      walk {
        inherit passed left;
        inherit (guestOf passed) options;
        value = (guestOf passed).config;
      }
    else if isOption then
      if has then
        walk (
          next
          // {
            options = below options name value;
            value = inside;
            holder = options;
          }
        )
      else
        missing (lib.optionals (lib.isAttrs value) (lib.attrNames value))
    else if options != null then
      if options ? ${name} && (name != "_module") then
        walk (
          next
          // {
            options = options.${name};
            value = value.${name};
          }
        )
      else if has && lib.isAttrs value then
        # A submodule with freeform values, or the guest of another tree.
        walk (
          next
          // {
            options = null;
            value = inside;
          }
        )
      else
        missing (names options)
    else if has then
      walk (
        next
        // {
          inherit holder;
          options = null;
          value = inside;
        }
      )
    else
      missing (lib.optionals (lib.isAttrs value) (lib.attrNames value));

  found =
    {
      passed,
      options,
      value,
      holder,
    }:
    if options != null && lib.isOption options && lib.length passed == 3 && lib.last passed == "config" then
      { children = names (guestOf passed).options; }
    else if options != null && lib.isOption options then
      describe options value
    else if options != null then
      { children = names options; }
    else
      { value = show value; }
      // lib.optionalAttrs (holder != null) {
        partOf = lib.showOption holder.loc;
        definitions = definitions holder;
      };

  describe =
    option: value:
    {
      # Nobody set it, and there is no default: that is an answer, not a failure.
      value = if option.isDefined or true then show value else null;
      type = option.type.description or "unspecified";
      description = text (option.description or "");
      declarations = map toString (option.declarations or [ ]);
      definitions = definitions option;
      isDefault = (option.highestPrio or 0) >= (lib.mkOptionDefault null).priority;
      readOnly = option.readOnly or false;
    }
    // lib.optionalAttrs (option ? defaultText || option ? default) {
      default = text (option.defaultText or (lib.literalExpression (show option.default)));
    }
    // lib.optionalAttrs (option ? example) {
      example = text (if option.example ? text then option.example else lib.literalExpression (show option.example));
    };

  text = value: value.text or (toString value);

  definitions =
    option:
    map (definition: {
      file = toString definition.file;
      value =
        let
          tried = builtins.tryEval (show definition.value);
        in
        if tried.success then tried.value else "«it does not evaluate by itself»";
    }) (option.definitionsWithLocations or [ ]);

  containers = evaluated.config.containers;

  # Both sides of the guest of `containers.NAME.config`.
  guestOf = passed: containers.${lib.elemAt passed 1}.evaluate null;

  path = ask.path;
in
{
  version = 1;
  name = lib.showOption path;
  containers = lib.attrNames containers;
}
// (
  if path == [ "containers" ] then
    { children = lib.attrNames containers; }
  else if lib.head path != "containers" then
    {
      passed = [ ];
      missing = lib.head path;
      known = [ "containers" ];
    }
  else if !(containers ? ${lib.elemAt path 1}) then
    {
      passed = [ "containers" ];
      missing = lib.elemAt path 1;
      known = lib.attrNames containers;
    }
  else
    walk {
      left = lib.tail path;
      passed = [ "containers" ];
      options = evaluated.options.containers;
      value = containers;
    }
)
