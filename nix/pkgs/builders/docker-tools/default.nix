# `pkgs.dockerTools`, with nixpkgs' names and meanings, and `pkgs.nix2container` with those of nix2container: images for docker, podman and Kubernetes out of packages of the
# archive and anything else that is built.
#
# What an image consists of is decided here; a program of ours (program/) puts it together, with the standard library of
# the archive's Python. Not for images of whole containers: `nixos-container image`.
{
  lib,
  system,
  bootstrap,
  toolsEnv,
  commands,
  writers,
  final,
}:
let
  inherit (commands) runCommand;
  inherit (writers) writeText writeTextFile writeScript writeTextDir;

  program = import ./program.nix {
    inherit
      lib
      bootstrap
      toolsEnv
      writeScript
      ;
    inherit (final) python3;
  };
  packages = import ./packages.nix { inherit lib toolsEnv; };
  image = import ./image.nix {
    inherit
      lib
      system
      program
      packages
      runCommand
      writeText
      ;
    fakerootInputs = [
      final.fakeroot
      final.bash
      final.coreutils
    ];
  };

  # How an archive is compressed: the rest of a pipeline, and what it needs.
  compress =
    compressor:
    {
      none = {
        extension = "";
        pipe = "";
        inputs = [ ];
      };
      gz = {
        extension = ".gz";
        pipe = "| ${program} gzip ${emptySettings}";
        inputs = [ ];
      };
      zstd = {
        extension = ".zst";
        pipe = "| zstd -q --no-progress -c";
        inputs = [ final.zstd ];
      };
    }
    .${compressor}
      or (throw "dockerTools: there is no compressor ‘${compressor}’; there are none, gz and zstd");
  emptySettings = writeText "no-settings.json" "{}";

  layered = import ./layered.nix {
    inherit
      lib
      program
      image
      packages
      compress
      runCommand
      writeTextFile
      bootstrap
      ;
  };
in
rec {
  inherit (dockerTools) fakeNss;

  dockerTools =
    layered
    // import ./helpers.nix {
      inherit
        lib
        final
        runCommand
        writeTextDir
        ;
      inherit (final) symlinkJoin;
    }
    // {
      buildImage = import ./build-image.nix {
        inherit
          lib
          program
          image
          packages
          compress
          runCommand
          ;
      };
      pullImage = import ./pull.nix {
        inherit
          lib
          final
          image
          runCommand
          ;
      };
      mergeImages = import ./merge.nix { inherit program image runCommand; };

      # They say why there is none.
      buildImageWithNixDb = args: dockerTools.buildImage (args // { includeNixDB = true; });
      buildLayeredImageWithNixDb = args: dockerTools.buildLayeredImage (args // { includeNixDB = true; });
    };

  nix2container = import ./nix2container.nix {
    inherit
      lib
      bootstrap
      program
      image
      packages
      runCommand
      ;
    inherit (writers) writeScriptBin;
  };
}
