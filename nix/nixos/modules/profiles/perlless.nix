# A system without Perl. Nothing of this tree needs it; imported as "${modulesPath}/profiles/perlless.nix".
{ lib, ... }:

{
  environment.defaultPackages = lib.mkDefault [ ];
}
