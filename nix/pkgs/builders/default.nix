# Everything that makes derivations other than the archive's packages.
{ system, bootstrap, archive, lock }: final: prev:
{ staticBusybox = bootstrap.busybox;
  archiveEnv = import ../archive/env.nix { inherit (final) lib; inherit system bootstrap; };
}
