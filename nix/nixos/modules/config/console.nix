# The options of the virtual console. A container has none: they are accepted so that shared modules evaluate.
{ config, lib, ... }:

let
  inherit (lib) mkOption types;
  inert = type: default: description: mkOption {
    inherit type default;
    description = "${description} Without effect in a container, which has no virtual console.";
  };
in
{
  imports = [
    (lib.mkRenamedOptionModule [ "i18n" "consoleFont" ] [ "console" "font" ])
    (lib.mkRenamedOptionModule [ "i18n" "consoleKeyMap" ] [ "console" "keyMap" ])
  ];

  options.console = {
    enable = inert types.bool (!config.boot.isContainer) "Whether there is a virtual console." // {
      defaultText = lib.literalExpression "!config.boot.isContainer";
    };
    font = inert (types.nullOr (types.either types.str types.path)) null "The font of the console.";
    keyMap = inert (types.either types.str types.path) "us" "The keyboard of the console.";
    colors = inert (types.listOf (types.strMatching "[[:xdigit:]]{6}")) [ ] "The sixteen colours of the console.";
    packages = inert (types.listOf types.package) [ ] "Packages with fonts and keyboards.";
    useXkbConfig = inert types.bool false "Whether to use the keyboard of the X server.";
    earlySetup = inert types.bool false "Whether to set the console up in the initial ramdisk.";
  };
}
