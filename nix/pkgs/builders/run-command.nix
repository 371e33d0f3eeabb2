# runCommand and its relatives: a derivation from a piece of shell.
{ lib, mkDerivation }:
let
  runCommandWith =
    {
      stdenv ? null,
      runLocal ? false,
      derivationArgs ? { },
      name,
    }:
    buildCommand:
    mkDerivation (
      {
        inherit name buildCommand;
        enableParallelBuilding = true;
        # A command may be longer than an environment variable can be.
        passAsFile = [ "buildCommand" ] ++ derivationArgs.passAsFile or [ ];
      }
      // lib.optionalAttrs runLocal {
        preferLocalBuild = true;
        allowSubstitutes = false;
      }
      // removeAttrs derivationArgs [ "passAsFile" ]
    );
  runCommand =
    name: env: command:
    runCommandWith {
      inherit name;
      derivationArgs = env;
    } command;
in
{
  inherit runCommandWith runCommand;

  runCommandLocal =
    name: env: command:
    runCommandWith {
      inherit name;
      runLocal = true;
      derivationArgs = env;
    } command;

  # A compiler is there when nativeBuildInputs names one.
  runCommandCC = runCommand;
  runCommandNoCC = runCommand;
}
