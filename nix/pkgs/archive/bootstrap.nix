# The one program that runs in builds without anything else: the archive's
# static busybox, laid out with its applets as links. nixos-container takes it
# out of its package and adds it to the store by content; the lock keeps the
# hash, so that the same lock means the same paths everywhere.
#
# Not for: busybox as a package of a system; that is `pkgs.busybox`.
{ lock, system }:
let
  entry =
    lock.bootstrap.busybox
      or (throw "the lock file has no `bootstrap.busybox`; run ‘nixos-container switch’, which writes it");
in
{
  busybox =
    derivation {
      name = entry.name;
      inherit system;
      outputHashMode = "recursive";
      outputHashAlgo = "sha256";
      outputHash = entry.sha256;
      # Nothing can run before it; the words show in the error.
      builder = "/run-nixos-container-switch-first";
      preferLocalBuild = true;
      allowSubstitutes = false;
    }
    // {
      pname = "static-busybox";
      version = entry.version;
      meta = {
        mainProgram = "busybox";
        description = "Static busybox that runs builders and a container's first steps";
      };
    };
}
