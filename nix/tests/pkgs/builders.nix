# What the builders make of their arguments, as far as it shows without building.
{ lib }:
let
  index = toString ./index;
  lock.bootstrap.busybox = {
    name = "static-busybox-1";
    version = "1";
    sha256 = "827ac6f6a6781282e42bb2f0ffafc23871b9e6cf4ed4cfdb30f4674b6887f636";
  };
  pkgs = import ../../pkgs { inherit lib index lock; };
  inherit (builtins) unsafeDiscardStringContext;
  plain = unsafeDiscardStringContext;
  text = file: plain file.drvAttrs.text;
in
{
  "a text is kept as it is" = {
    expr = text (pkgs.writeText "x" "a\nb");
    expected = "a\nb";
  };

  "a text that refers to nothing is in the store without a build" = {
    expr =
      let
        plainFile = pkgs.writeText "x" "a\nb";
        referring = pkgs.writeText "x" "${pkgs.jq}";
      in
      [
        (plainFile.outPath == builtins.toFile "x" "a\nb")
        (plainFile.out.outPath == plainFile.outPath)
        (lib.isDerivation plainFile)
        (referring.outPath == plain referring.outPath && builtins.hasContext referring.outPath)
        ((plainFile.overrideAttrs { text = "c"; }).outPath == builtins.toFile "x" "c")
      ];
    expected = [
      true
      true
      true
      true
      true
    ];
  };

  "a shell script starts with the container's shell" = {
    expr = lib.hasPrefix "#!${plain "${pkgs.bash}"}/bin/bash\n" (text (pkgs.writeShellScript "x" "echo"));
    expected = true;
  };

  "a script in bin is its own main program" = {
    expr = lib.hasSuffix "-tool/bin/tool" (plain (lib.getExe (pkgs.writeShellScriptBin "tool" "echo")));
    expected = true;
  };

  "an application is strict and finds its inputs" = {
    expr =
      let
        made = text (
          pkgs.writeShellApplication {
            name = "a";
            runtimeInputs = [ pkgs.jq ];
            runtimeEnv.X = "y z";
            text = "jq .";
          }
        );
      in
      map (part: lib.hasInfix part made) [
        "set -o errexit\nset -o nounset\nset -o pipefail\n"
        "export PATH=\"${plain "${pkgs.jq}"}/bin:$PATH\""
        "X='y z'\nexport X"
        "jq ."
      ];
    expected = [
      true
      true
      true
      true
    ];
  };

  "a destination that is not absolute is refused" = {
    expr = "${pkgs.writeTextFile {
      name = "x";
      text = "";
      destination = "bin/x";
    }}";
    error = "must be an absolute path";
  };

  "mkDerivation takes pname and version, and a function of itself" = {
    expr =
      let
        package = pkgs.stdenv.mkDerivation (final: {
          pname = "thing";
          version = "1";
          greeting = "v${final.version}";
          passthru.marked = true;
          meta.mainProgram = "t";
        });
        newer = package.overrideAttrs { version = "2"; };
        newest = newer.overrideAttrs (old: {
          greeting = old.greeting + "!";
        });
        last = newest.overrideAttrs (
          final: old: {
            twice = final.greeting + old.version;
          }
        );
      in
      {
        names = [
          package.name
          newer.name
        ];
        greetings = [
          package.drvAttrs.greeting
          newer.drvAttrs.greeting
          newest.drvAttrs.greeting
          last.drvAttrs.twice
        ];
        inherit (package) marked;
        inherit (newer.meta) mainProgram;
      };
    expected = {
      names = [
        "thing-1"
        "thing-2"
      ];
      greetings = [
        "v1"
        "v2"
        "v2!"
        "v2!2"
      ];
      marked = true;
      mainProgram = "t";
    };
  };

  "a derivation without a name says so" = {
    expr = "${pkgs.stdenv.mkDerivation { pname = "x"; }}";
    error = "`x' has a `pname' but neither `version' nor `name'";
  };

  "outputs have the package's meta" = {
    expr =
      (pkgs.runCommand "x" {
        outputs = [
          "out"
          "doc"
        ];
        meta.description = "d";
      } "").doc.meta.description;
    expected = "d";
  };

  "a package of the archive as an input becomes a tool, not an input" = {
    expr =
      let
        drv = (pkgs.runCommand "x" { nativeBuildInputs = [ pkgs.jq ]; } "jq").drvAttrs;
      in
      [
        (drv.nativeBuildInputs == [ ])
        (drv ? archiveUsr)
        drv.archiveUsr.drvAttrs.archiveBuildInputs
        drv.archiveUsr.drvAttrs.archiveRoots
      ];
    expected = [
      true
      true
      "jq"
      ""
    ];
  };

  "only a build that writes scripts depends on the container's shell" = {
    expr =
      map (command: (pkgs.runCommand "x" { } command).drvAttrs ? runtimeShell) [
        "echo >$out"
        "makeWrapper a b"
      ]
      ++ [ ((pkgs.stdenv.mkDerivation { name = "x"; }).drvAttrs ? runtimeShell) ];
    expected = [
      false
      true
      true
    ];
  };

  "a program called by its path is a tool as well" = {
    expr =
      let
        tools = command: (pkgs.runCommand "x" { } command).drvAttrs.archiveUsr.drvAttrs.archiveBuildInputs or "";
      in
      [
        (tools "${pkgs.jq}/bin/jq . ${pkgs.openssh-client}/share/x")
        (tools "ln -s ${pkgs.jq} $out")
        ((pkgs.runCommand "x" { archiveTools = false; } "${pkgs.jq}/bin/jq").drvAttrs ? archiveUsr)
      ];
    expected = [
      "jq"
      ""
      false
    ];
  };

  "a path is a call where a command stands, and nowhere else" = {
    expr =
      let
        called = command: (pkgs.runCommand "x" { } command).drvAttrs ? archiveUsr;
        jq = "${pkgs.jq}/bin/jq";
      in
      {
        yes = map called [
          "  ${jq} ."
          "cat x | ${jq} ."
          "x=$(${jq} .)"
          "if true; then ${jq} .; fi"
          "A=b C=d ${jq} ."
          "! \"${jq}\" ."
          "mkdir $out\n${jq} . >$out/x"
        ];
        no = map called [
          "ln -s ${jq} $out"
          "echo ${jq} >$out"
          "echo '#!${jq}' >$out"
          "substitute a b --subst-var-by jq ${jq}"
        ];
      };
    expected = {
      yes = [
        true
        true
        true
        true
        true
        true
        true
      ];
      no = [
        false
        false
        false
        false
      ];
    };
  };

  "a file of settings in every format" = {
    expr = {
      json = text ((pkgs.formats.json { }).generate "a" { a = [ 1 null ]; });
      toml = text (
        (pkgs.formats.toml { }).generate "a" {
          title = "x \"y\"";
          gone = null;
          "odd key" = 1.0;
          server.port = 80;
          user = [
            { name = "a"; }
            { name = "b"; }
          ];
        }
      );
      ini = text ((pkgs.formats.ini { }).generate "a" { s.k = true; });
      keyValue = text ((pkgs.formats.keyValue { listToValue = lib.concatStringsSep ","; }).generate "a" { k = [ "x" "y" ]; });
      python = text ((pkgs.formats.pythonVars { }).generate "a" { a = { b = [ true null 1 "s" ]; }; });
      properties = text ((pkgs.formats.javaProperties { }).generate "a" { "a b" = "c\nd"; });
      systemd = text (pkgs.formats.systemd.generate "a" { Unit.After = [ "x" "y" ]; });
    };
    expected = {
      json = "{\"a\":[1,null]}";
      toml = ''
        "odd key" = 1.0
        title = "x \"y\""

        [server]
        port = 80

        [[user]]
        name = "a"

        [[user]]
        name = "b"
      '';
      ini = "[s]\nk=true\n";
      keyValue = "k=x,y\n";
      python = "a = {\"b\": [True, None, 1, \"s\"]}\n";
      properties = "# Written by Nix\na\\ b = c\\nd\n";
      systemd = "[Unit]\nAfter=x\nAfter=y\n";
    };
  };

  "the type of a format takes what the format can hold" = {
    expr =
      map (value: (pkgs.formats.json { }).type.check value) [
        1
        "x"
        null
        (x: x)
      ]
      ++ [ ((pkgs.formats.ini { }).type.check { a = { }; }) ];
    expected = [
      true
      true
      true
      false
      true
    ];
  };

  "a system's tree tells what was asked for from what came along" = {
    expr =
      let
        drv =
          (pkgs.archiveEnv {
            name = "sw";
            packages = [ pkgs.jq ];
            closure = [
              pkgs.jq
              pkgs.sed
            ];
          }).drvAttrs;
        lines = lib.splitString "\n" (plain drv.paths);
      in
      {
        inherit (drv) archiveClosure;
        roots = plain drv.archiveRoots == plain "${pkgs.jq}";
        inherit lines;
      };
    expected = {
      archiveClosure = "1";
      roots = true;
      lines = [
        "usr ${plain "${pkgs.jq}"}"
        "usr ${plain "${pkgs.sed}"}"
      ];
    };
  };

  "priorities order the packages of a tree" = {
    expr =
      let
        drv =
          (pkgs.archiveEnv {
            name = "sw";
            packages = [
              (lib.lowPrio pkgs.jq)
              (lib.hiPrio pkgs.hello)
              pkgs.sed
            ];
            closure = [ pkgs.bash ];
          }).drvAttrs;
      in
      map (line: lib.head (lib.match "usr /nix/store/[a-z0-9]*-([a-z]*)-.*" line)) (lib.splitString "\n" (plain drv.paths));
    expected = [
      "hello"
      "sed"
      "bash"
      "jq"
    ];
  };

  "callPackage fills in what a function asks for" = {
    expr = (pkgs.callPackage ({ jq, lib, extra }: { result = jq.pname + extra; }) { extra = "!"; }).result;
    expected = "jq!";
  };
}
