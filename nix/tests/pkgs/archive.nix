# Packages of the archive: where they are described, what they look like, what
# happens when there is none.
{ lib }:
let
  index = toString ./index;
  lock = {
    bootstrap.busybox = {
      name = "static-busybox-1";
      version = "1";
      sha256 = "827ac6f6a6781282e42bb2f0ffafc23871b9e6cf4ed4cfdb30f4674b6887f636";
    };
    packages = {
      hello = {
        version = "2.9-1";
        sha256 = "2e6e2f1a0007dc43bc91c273fd36e91e40a4f1c2765a03eca68b70a42103878a";
        size = 52832;
        file = "pool/main/h/hello/hello_2.9-1_amd64.deb";
      };
      locked-only = {
        version = "1";
        sha256 = "2e6e2f1a0007dc43bc91c273fd36e91e40a4f1c2765a03eca68b70a42103878a";
        size = 1;
        file = "pool/l_1_all.deb";
      };
    };
  };
  pkgs = import ../../pkgs { inherit lib index lock; };
  unlocked = import ../../pkgs {
    inherit lib index;
    lock = removeAttrs lock [ "packages" ];
  };
  onlyLock = import ../../pkgs { inherit lib lock; };
  none = import ../../pkgs { inherit lib; };
  archive =
    { lock, index }:
    import ../../pkgs/archive {
      inherit lib lock index;
      system = "x86_64-linux";
      bootstrap = import ../../pkgs/archive/bootstrap.nix {
        inherit lock;
        system = "x86_64-linux";
      };
    };
in
{
  "a package of the index has its version, without epoch and revision" = {
    expr = {
      inherit (pkgs.openssh-client) pname version name;
    };
    expected = {
      pname = "openssh-client";
      version = "9.2p1";
      name = "openssh-client-9.2p1-2+deb12u3";
    };
  };

  "the whole version and the file stay known" = {
    expr = { inherit (pkgs.openssh-client.archive) name version file; };
    expected = {
      name = "openssh-client";
      version = "1:9.2p1-2+deb12u3";
      file = "pool/main/o/openssh-client/openssh-client_9.2p1-2+deb12u3_amd64.deb";
    };
  };

  "a locked package is the lock's, whatever the index says" = {
    expr = [
      pkgs.hello.version
      unlocked.hello.version
    ];
    expected = [
      "2.9"
      "2.10"
    ];
  };

  "a locked package needs no index" = {
    expr = [
      onlyLock.hello.version
      onlyLock.locked-only.version
      pkgs.locked-only.version
    ];
    expected = [
      "2.9"
      "1"
      "1"
    ];
  };

  "the index describes a locked package" = {
    expr = pkgs.hello.meta.description;
    expected = "GNU hello";
  };

  "without index and lock there are no packages, but builders" = {
    expr = [
      (none ? hello)
      (none ? writeText)
    ];
    expected = [
      false
      true
    ];
  };

  "names are known without reading a shard" = {
    expr = pkgs ? unread-shard;
    expected = true;
  };

  "a shard is read when its package is" = {
    expr = pkgs.unread-shard.version;
    error = "shards/cf.json";
  };

  "store names have no tilde" = {
    expr = [
      pkgs.libfoo1.name
      pkgs.libfoo1.src.name
      pkgs.libfoo1.archive.version
    ];
    expected = [
      "libfoo1-0-20171227-0.3"
      "libfoo1_0-20171227-0.3_amd64.deb"
      "0~20171227-0.3"
    ];
  };

  "the source is the file that apt fetched, at its fixed path" = {
    expr =
      (import ../../pkgs {
        inherit lib;
        lock = lib.recursiveUpdate lock {
          packages.hello.file = "pool/main/h/hello/hello_2.10-3_amd64.deb";
        };
      }).hello.src.outPath;
    expected = "/nix/store/dhidschkbkc6z63ahan3ha5hk7nrdwzx-hello_2.10-3_amd64.deb";
  };

  "the derivation says which package it is" = {
    expr = pkgs.openssh-client.drvAttrs.archivePackage;
    expected = "openssh-client";
  };

  "getExe finds the program" = {
    expr = map (package: baseNameOf (lib.getExe package)) [
      pkgs.openssh-client
      pkgs.hello
    ];
    expected = [
      "ssh"
      "hello"
    ];
  };

  "override explains that nothing is built from source" = {
    expr = pkgs.hello.override { };
    error = [
      "‘hello’ comes ready-made from the archive"
      "nixpkgs"
    ];
  };

  "overrideAttrs changes what is said about a package, and nothing else" = {
    expr =
      let
        marked = pkgs.hello.overrideAttrs (old: {
          meta = old.meta // {
            priority = 1;
          };
        });
      in
      [
        marked.meta.priority
        marked.meta.description
        (marked.outPath == pkgs.hello.outPath)
      ];
    expected = [
      1
      "GNU hello"
      true
    ];
  };

  "overrideAttrs of the content explains as well" = {
    expr = pkgs.hello.overrideAttrs { patches = [ ]; };
    error = "so `overrideAttrs` of patches cannot change it";
  };

  "a name that is nearly right is guessed" = {
    expr = (archive { inherit lock index; }).find "vmi";
    error = "the archive has no package named ‘vmi’; did you mean ‘vim’?";
  };

  "a name with something after it is guessed" = {
    expr = (archive { inherit lock index; }).find "openssh";
    error = "did you mean ‘openssh-client’, ‘openssh-server’?";
  };

  "a closure that the lock lacks says where it was looked for" = {
    expr =
      (archive {
        inherit lock;
        index = null;
      }).find
        "nosuch";
    error = "‘nosuch’ in the lock file, and there is no package index";
  };

  "a lock without busybox says what to run" = {
    expr = none.writeShellScript "x" "x" + "";
    error = "nixos-container switch";
  };

  "overlays see the final set and what was before" = {
    expr =
      let
        changed = import ../../pkgs {
          inherit lib index lock;
          overlays = [
            (final: prev: {
              hello = prev.hello // {
                marked = final.mark;
              };
            })
            (_: _: { mark = "yes"; })
          ];
        };
      in
      [
        changed.hello.marked
        (changed.extend (_: _: { mark = "more"; })).hello.marked
        (changed.appendOverlays [ (_: prev: { two = prev.mark + "!"; }) ]).two
        changed.pkgs.mark
      ];
    expected = [
      "yes"
      "more"
      "yes!"
      "yes"
    ];
  };
}
