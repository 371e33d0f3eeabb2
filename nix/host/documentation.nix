# The options of both sides as data: what `nixos-container options` searches and the reference is made from.
#
# Not for values: see value.nix.
{ request }:

let
  lib = import ../lib;
  ask = builtins.fromJSON request;
  pkgs = import ../pkgs {
    inherit lib;
    inherit (ask) index system;
    lock = { };
  };

  host = import ./evaluate.nix {
    inherit lib pkgs;
    modules = [ ];
    hostSystem = ask.system;
  };

  guest = import ../nixos/lib/eval-config.nix {
    inherit lib pkgs;
    inherit (ask) system;
    modules = [ { networking.hostName = lib.mkDefault "container"; } ];
  };

  # Paths of our own files are shown from the tree's root, so that the reference is the same everywhere.
  tree = toString ../.. + "/";
  relative = path: lib.removePrefix tree (toString path);

  describe =
    side: option:
    let
      shown = lib.filterAttrs (_: value: value != null) {
        default = option.default or null;
        example = option.example or null;
      };
    in
    {
      inherit side;
      inherit (option) name;
      type = option.type or "unspecified";
      description = text (option.description or null);
      declarations = map relative option.declarations;
      readOnly = option.readOnly or false;
      # Which of default and example are sentences, not expressions.
      prose = lib.attrNames (lib.filterAttrs (_: value: value._type or "" == "literalMD") shown);
    }
    // lib.mapAttrs (_: text) shown;

  # Defaults that are made from the attribute's name were evaluated with a placeholder for it.
  text =
    value:
    if value == null then
      ""
    else
      lib.replaceStrings [ "‹" "›" ] [ "<" ">" ] (if lib.isString value then value else value.text);

  documented =
    side: options:
    map (describe side) (
      lib.filter (option: option.visible && !option.internal) (lib.optionAttrSetToDocList (removeAttrs options [ "_module" ]))
    );
in
{
  version = 1;
  options = documented "host" { inherit (host.options) containers; } ++ documented "guest" guest.options;
}
