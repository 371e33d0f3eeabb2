# nixpkgs' names: there when their target is, joined where the archive splits.
{ lib }:
let
  index = toString ./index;
  lock.bootstrap.busybox = {
    name = "static-busybox-1";
    version = "1";
    sha256 = "827ac6f6a6781282e42bb2f0ffafc23871b9e6cf4ed4cfdb30f4674b6887f636";
  };
  pkgs = import ../../pkgs { inherit lib index lock; };
in
{
  "a name that differs leads to the archive's package" = {
    expr = pkgs.gnused.archive.name;
    expected = "sed";
  };

  "an alias is there only when its target is" = {
    expr = [
      (pkgs ? bashInteractive)
      (pkgs ? gnugrep)
      (pkgs ? apacheHttpd)
      (pkgs ? postgresql)
    ];
    expected = [
      true
      false
      false
      false
    ];
  };

  "nixpkgs' meaning of a name wins, the archive's stays reachable" = {
    expr = [
      (lib.elem "docker.io" pkgs.docker.archiveNames)
      pkgs.archivePackages.docker.archive.version
    ];
    expected = [
      true
      "1.5"
    ];
  };

  "openssh is client and server" = {
    expr = {
      inherit (pkgs.openssh) archiveNames version;
      program = baseNameOf (lib.getExe pkgs.openssh);
    };
    expected = {
      archiveNames = [
        "openssh-client"
        "openssh-server"
      ];
      version = "9.2p1";
      program = "ssh";
    };
  };

  "libraries of python by nixpkgs' names" = {
    expr = [
      pkgs.python3Packages.requests.archive.name
      pkgs.python3.pkgs.requests.archive.name
      pkgs.python3.pythonVersion
    ];
    expected = [
      "python3-requests"
      "python3-requests"
      "3.11"
    ];
  };

  "withPackages asks for interpreter and libraries together" = {
    expr = (pkgs.python3.withPackages (ps: [ ps.requests ])).archiveNames;
    expected = [
      "python3"
      "python3-minimal"
      "python3-requests"
    ];
  };
}
