# Programs that run a foreign system's programs.
#
# `emulator pkgs` is the path of one program without arguments, from the given package
# set (the one that will run it).  Not for: whole machines.
{ lib }:

system:
let
  inherit (system.parsed.cpu) bits;

  select =
    pkgs:
    let
      host = pkgs.stdenv.hostPlatform;
      wine = (pkgs.winePackagesFor "wine${toString bits}").minimal;
    in
    if host.canExecute system then
      lib.getExe (pkgs.writeShellScriptBin "exec" ''exec "$@"'')
    else if system.isWindows then
      "${wine}/bin/wine${lib.optionalString (bits == 64) "64"}"
    else if system.isLinux && host.isLinux && system.qemuArch != null then
      "${pkgs.qemu-user}/bin/qemu-${system.qemuArch}"
    else if system.isWasi then
      "${pkgs.wasmtime}/bin/wasmtime"
    else if system.isMmix then
      "${pkgs.mmixware}/bin/mmix"
    else
      null;
in
{
  emulatorAvailable = pkgs: select pkgs != null;

  # The same where only static programs can be had.
  staticEmulatorAvailable =
    pkgs: system.emulatorAvailable pkgs && (system.isLinux || system.isWasi || system.isMmix);

  emulator =
    pkgs:
    if system.emulatorAvailable pkgs then
      select pkgs
    else
      throw "Don't know how to run ${system.config} executables.";
}
