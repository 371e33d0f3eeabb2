# Aliases as bash and zsh read them. Those that are null are left out.
{ lib }:

aliases:
lib.concatStrings (
  lib.mapAttrsToList (name: value: "alias -- ${name}=${lib.escapeShellArg value}\n") (lib.filterAttrs (_: value: value != null) aliases)
)
