# Files from text: writeText, scripts, applications, concatenations.
# Not for: data in a format (formats.nix).
{
  lib,
  runCommandLocal,
  runtimeShell,
  plainText,
  python3,
}:
let
  inherit (lib) optionalString;

  writeTextFile =
    {
      name ? throw "writeTextFile: `name' is missing",
      text,
      executable ? false,
      destination ? "",
      checkPhase ? "",
      meta ? { },
      passthru ? { },
      allowSubstitutes ? false,
      preferLocalBuild ? true,
      derivationArgs ? { },
    }:
    let
      matches = builtins.match "/bin/([^/]+)" destination;
    in
    assert lib.assertMsg (destination == "" || lib.hasPrefix "/" destination)
      "writeTextFile: the destination must be an absolute path, relative to the derivation's out path, got: ${destination}";
    if checkPhase == "" && derivationArgs == { } then
      plainText {
        inherit
          name
          text
          executable
          destination
          allowSubstitutes
          preferLocalBuild
          passthru
          ;
        meta = mainProgramOf executable matches // meta;
      }
    else
      runCommandLocal name
        (
          derivationArgs
          // {
            inherit text executable destination checkPhase allowSubstitutes preferLocalBuild passthru;
            # What the text mentions is not run here.
            archiveTools = checkPhase != "";
            meta = mainProgramOf executable matches // meta;
            passAsFile = [ "text" ] ++ derivationArgs.passAsFile or [ ];
          }
        )
        ''
          target=$out$destination
          mkdir -p "''${target%/*}"
          mv "$textPath" "$target"
          if [ -n "$executable" ]; then chmod +x "$target"; fi
          eval "$checkPhase"
        '';

  mainProgramOf =
    executable: matches:
    lib.optionalAttrs (executable && matches != null) { mainProgram = lib.head matches; };

  # nixpkgs' name of a script's derivation: what is before the file.
  writeScriptWith =
    { inBin }:
    name: text:
    writeTextFile {
      inherit name text;
      executable = true;
      destination = optionalString inBin "/bin/${name}";
      meta.mainProgram = name;
    };

  shell = text: ''
    #!${runtimeShell}
    ${text}
  '';

  concatTextFile =
    {
      name,
      files,
      executable ? false,
      destination ? "",
      checkPhase ? "",
      meta ? { },
      passthru ? { },
    }:
    runCommandLocal name
      {
        inherit files executable destination checkPhase meta passthru;
        passAsFile = [ "files" ];
        archiveTools = false;
      }
      ''
        file=$out$destination
        mkdir -p "''${file%/*}"
        cat $(cat "$filesPath") >"$file"
        if [ -n "$executable" ]; then chmod +x "$file"; fi
        if [ -n "$checkPhase" ]; then eval "$checkPhase"; fi
      '';
in
rec {
  inherit writeTextFile concatTextFile;

  writeText = name: text: writeTextFile { inherit name text; };

  writeTextDir =
    path: text:
    writeTextFile {
      inherit text;
      name = baseNameOf path;
      destination = "/${path}";
    };

  writeScript = writeScriptWith { inBin = false; };
  writeScriptBin = writeScriptWith { inBin = true; };

  writeShellScript = name: text: writeScript name (shell text);
  writeShellScriptBin = name: text: writeScriptBin name (shell text);

  writeShellApplication =
    {
      name,
      text,
      runtimeInputs ? [ ],
      runtimeEnv ? null,
      meta ? { },
      passthru ? { },
      checkPhase ? null,
      excludeShellChecks ? [ ],
      extraShellCheckFlags ? [ ],
      bashOptions ? [
        "errexit"
        "nounset"
        "pipefail"
      ],
      derivationArgs ? { },
      inheritPath ? true,
    }:
    writeTextFile {
      inherit name derivationArgs passthru;
      executable = true;
      destination = "/bin/${name}";
      meta = {
        mainProgram = name;
      }
      // meta;
      checkPhase = if checkPhase == null then "" else checkPhase;
      text = ''
        #!${runtimeShell}
        ${lib.concatMapStringsSep "\n" (option: "set -o ${option}") bashOptions}
      ''
      + optionalString (runtimeEnv != null) (
        lib.concatStrings (
          lib.mapAttrsToList (variable: value: ''
            ${lib.toShellVar variable value}
            export ${variable}
          '') runtimeEnv
        )
      )
      + optionalString (runtimeInputs != [ ]) ''

        export PATH="${lib.makeBinPath runtimeInputs}${optionalString inheritPath ":$PATH"}"
      ''
      + optionalString (runtimeInputs == [ ] && !inheritPath) ''

        export PATH=
      ''
      + ''

        ${text}
      '';
    };

  concatText = name: files: concatTextFile { inherit name files; };
  concatScript =
    name: files:
    concatTextFile {
      inherit name files;
      executable = true;
    };

  # A store path with the paths that something needs at run time, one per line.
  writeClosure =
    paths:
    runCommandLocal "runtime-deps"
      {
        archiveTools = false;
        exportReferencesGraph = lib.concatLists (
          lib.imap0 (number: path: [
            "graph-${toString number}"
            path
          ]) (lib.toList paths)
        );
      }
      ''
        cd "$NIX_BUILD_TOP"
        cat graph-* | grep '^/' | sort -u >"$out"
      '';
  writeReferencesToFile = writeClosure;

  writeStringReferencesToFile =
    string:
    let
      paths = map (path: lib.addContextFrom string (lib.removeSuffix ".drv" path)) (
        lib.filter (path: !lib.hasSuffix ".drv" path) (lib.attrNames (builtins.getContext string))
      );
    in
    writeText "string-references" (lib.concatLines paths);

  # nixpkgs' typed script writers, for the languages that need no compiler.
  writers =
    let
      withInterpreter = interpreter: name: text: writeScript name "#!${interpreter}\n${text}";
      inBin = interpreter: name: text: writeScriptBin name "#!${interpreter}\n${text}";
      # Libraries are found by being part of the system, which naming them here asks for.
      pythonWith = libraries: "${python3.withPackages (_: libraries)}/bin/python3";
      options = maker: name: argument: if lib.isString argument then maker name argument else maker name;
    in
    {
      writeBash = name: options (withInterpreter runtimeShell) name;
      writeBashBin = name: options (inBin runtimeShell) name;
      writeDash = name: options (withInterpreter "/bin/sh") name;
      writeDashBin = name: options (inBin "/bin/sh") name;
      inherit writeText;
      writePython3 =
        name:
        {
          libraries ? [ ],
          flakeIgnore ? [ ],
          doCheck ? true,
        }:
        withInterpreter (pythonWith libraries) name;
      writePython3Bin =
        name:
        {
          libraries ? [ ],
          flakeIgnore ? [ ],
          doCheck ? true,
        }:
        inBin (pythonWith libraries) name;
      writeJSON = name: value: writeText name (lib.generators.toJSON { } value);
    };
}
