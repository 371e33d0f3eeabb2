# Everything that makes derivations other than the archive's packages, under
# nixpkgs' names: one layer of the package set.
#
# Not for: implementations; each subject has its file.
{
  lib,
  system,
  bootstrap,
  archive,
  lock,
}:
final: prev:
let
  archiveEnv = import ../archive/env.nix { inherit lib system bootstrap; };
  toolsEnv = import ./tools.nix {
    inherit
      lib
      lock
      archive
      archiveEnv
      ;
  };

  # What a script of a container begins with. A build's own scripts run in
  # busybox's shell, whatever this is.
  runtimeShell = if prev ? bash then "${final.bash}/bin/bash" else "${bootstrap.busybox}/bin/sh";

  inherit
    (import ./derivation.nix {
      inherit
        lib
        system
        bootstrap
        toolsEnv
        runtimeShell
        ;
    })
    mkDerivation
    ;
  commands = import ./run-command.nix { inherit lib mkDerivation; };
  inherit (commands) runCommand runCommandLocal;
  writers = import ./write.nix {
    inherit lib runCommandLocal runtimeShell;
    python3 = final.python3;
    plainText = import ./plain-text.nix { inherit system bootstrap; };
  };
in
{
  staticBusybox = bootstrap.busybox;
  inherit archiveEnv runtimeShell;
  runtimeShellPackage = final.bash;
}
// commands
// writers
// import ./join.nix { inherit lib runCommand archiveEnv; }
// lib.optionalAttrs (prev ? ca-certificates) {
  cacert = import ./cacert.nix {
    inherit lib runCommand;
    inherit (writers) writeText;
    inherit (final) ca-certificates;
  };
}
// import ./substitute.nix { inherit lib runCommandLocal; }
// import ./fetch.nix { inherit lib system; }
// import ./docker-tools {
  inherit
    lib
    system
    bootstrap
    toolsEnv
    commands
    writers
    final
    ;
}
// import ./stdenv.nix {
  inherit
    lib
    system
    mkDerivation
    final
    ;
}
// {
  formats = import ./formats.nix {
    inherit lib;
    inherit (writers) writeText;
  };

  inherit (lib) recurseIntoAttrs dontRecurseIntoAttrs;

  applyPatches =
    {
      src,
      name ? "source-patched",
      patches ? [ ],
      postPatch ? "",
    }:
    mkDerivation {
      inherit name src patches postPatch;
      dontConfigure = true;
      dontBuild = true;
      installPhase = "cp -R . $out";
      dontFixup = true;
    };

  emptyFile = writers.writeText "empty-file" "";
  emptyDirectory = runCommandLocal "empty-directory" { archiveTools = false; } "mkdir $out";

  # What `nix-store --load-db` and image builders read.
  closureInfo =
    { rootPaths }:
    runCommandLocal "closure-info"
      {
        archiveTools = false;
        exportReferencesGraph = lib.concatLists (
          lib.imap0 (number: path: [
            "closure-${toString number}"
            path
          ]) (lib.toList rootPaths)
        );
      }
      ''
        mkdir $out
        cat "$NIX_BUILD_TOP"/closure-* >$out/registration
        grep '^/' $out/registration | sort -u >$out/store-paths
      '';
}
