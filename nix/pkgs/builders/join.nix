# Trees of links: symlinkJoin, buildEnv, linkFarm, and packages of the archive
# joined under one name. Not for a system's `sw` (../archive/env.nix).
{
  lib,
  runCommand,
  archiveEnv,
}:
let
  isArchive = package: lib.isAttrs package && (package ? archive || package.archiveShaped or false);

  buildEnv =
    {
      name,
      paths,
      manifest ? "",
      ignoreCollisions ? false,
      checkCollisionContents ? true,
      pathsToLink ? [ "/" ],
      extraOutputsToInstall ? [ ],
      extraPrefix ? "",
      postBuild ? "",
      nativeBuildInputs ? [ ],
      buildInputs ? [ ],
      passthru ? { },
      meta ? { },
      pname ? null,
      version ? null,
      includeClosures ? false,
      derivationArgs ? { },
      failOnMissing ? false,
    }:
    let
      chosen = lib.filter (path: path != null && path != "") (lib.flatten paths);
      outputsOf =
        path:
        if !lib.isAttrs path then
          [ path ]
        else if path.outputUnspecified or true && path ? meta.outputsToInstall then
          map (output: path.${output}) (path.meta.outputsToInstall ++ lib.filter (o: path ? ${o}) extraOutputsToInstall)
        else
          [ path ] ++ map (output: path.${output}) (lib.filter (o: path ? ${o}) extraOutputsToInstall);
      entries = lib.concatMap (
        path: map (output: "${toString (path.meta.priority or 5)} ${output}") (lib.unique (outputsOf path))
      ) chosen;
    in
    runCommand name
      (
        derivationArgs
        // {
          inherit
            ignoreCollisions
            checkCollisionContents
            extraPrefix
            pathsToLink
            postBuild
            passthru
            nativeBuildInputs
            buildInputs
            meta
            manifest
            failOnMissing
            ;
          joinAwk = ./join.awk;
          entries = lib.concatStringsSep "\n" entries;
          passAsFile = [
            "entries"
            "postBuild"
          ];
          preferLocalBuild = true;
          allowSubstitutes = false;
          archiveTools = nativeBuildInputs != [ ] || buildInputs != [ ];
        }
        // lib.optionalAttrs (pname != null) { inherit pname version; }
      )
      ''
        mkdir -p "$out$extraPrefix"
        rank=0
        while read -r priority path || [ -n "$priority" ]; do
          [ -d "$path" ] || { [ -e "$path" ] && echo "$name: $path is not a directory" >&2 && exit 1 || continue; }
          rank=$((rank + 1))
          printf 'R %s %s %s\n' "$rank" "$priority" "$path"
          for part in $pathsToLink; do
            part=''${part%/}
            [ -d "$path$part" ] || continue
            # Only the parts, but the way to them as well.
            way=$part
            while [ -n "$way" ]; do echo "d $path$way"; way=''${way%/*}; done
            find -L "$path$part/" -type d | sed 's/^/d /'
            find -L "$path$part/" ! -type d | sed 's/^/f /'
          done
        done <"$entriesPath" >list
        awk -v strict="$([ -n "$ignoreCollisions" ] || echo 1)" -f "$joinAwk" list >commands
        cd "$out$extraPrefix"
        . "$NIX_BUILD_TOP/commands"
        if [ -n "$manifest" ]; then ln -s "$manifest" "$out/manifest"; fi
        cd "$NIX_BUILD_TOP"
        . "$postBuildPath"
      '';
in
rec {
  inherit buildEnv;

  symlinkJoin =
    {
      name ? "${args.pname}-${args.version}",
      paths ? [ ],
      stripPrefix ? "",
      preferLocalBuild ? true,
      allowSubstitutes ? false,
      postBuild ? "",
      failOnMissing ? stripPrefix == "",
      ...
    }@args:
    buildEnv {
      inherit name postBuild;
      paths = if stripPrefix == "" then paths else map (path: "${path}${stripPrefix}") paths;
      # Of two files the first package's is taken, as with `lndir`.
      ignoreCollisions = true;
      nativeBuildInputs = args.nativeBuildInputs or [ ];
      buildInputs = args.buildInputs or [ ];
      passthru = {
        inherit paths;
      }
      // args.passthru or { };
      meta = args.meta or { };
      pname = args.pname or null;
      version = args.version or null;
      derivationArgs = removeAttrs args [
        "name"
        "paths"
        "stripPrefix"
        "postBuild"
        "failOnMissing"
        "nativeBuildInputs"
        "buildInputs"
        "passthru"
        "meta"
        "pname"
        "version"
      ];
    };

  linkFarm =
    name: entries:
    let
      pairs =
        if lib.isAttrs entries then
          lib.mapAttrsToList (name: path: { inherit name path; }) entries
        # A name may occur again; the last one holds.
        else
          lib.attrValues (lib.listToAttrs (lib.reverseList (map (entry: lib.nameValuePair entry.name entry) entries)));
      commands = map (entry: ''
        mkdir -p ${lib.escapeShellArg (dirOf "./${entry.name}")}
        ln -s ${lib.escapeShellArg "${entry.path}"} ${lib.escapeShellArg "./${entry.name}"}
      '') pairs;
    in
    runCommand name
      {
        preferLocalBuild = true;
        allowSubstitutes = false;
        archiveTools = false;
        passthru.entries = lib.listToAttrs (map (entry: lib.nameValuePair entry.name entry.path) pairs);
      }
      ''
        mkdir -p $out
        cd $out
        ${lib.concatStrings commands}
      '';

  linkFarmFromDrvs =
    name: drvs:
    linkFarm name (
      map (drv: {
        inherit (drv) name;
        path = drv;
      }) drvs
    );

  # Several packages of the archive under one name: what nixpkgs has as one
  # package. Shaped like a package of the archive, and found as all of them.
  # `programs`: extra name = name of a program; `directories`: more places of
  # programs, to be seen in bin; `links`: extra name at the top = a place;
  # `copies`: programs that look for files beside themselves, and so may not be
  # links.
  joinArchive =
    {
      name,
      packages,
      mainProgram ? name,
      programs ? { },
      directories ? [ ],
      links ? { },
      copies ? [ ],
    }:
    let
      first = lib.head packages;
      unique = lib.unique packages;
      joined =
        runCommand "${name}-${first.version}"
          {
            pname = name;
            inherit (first) version;
            packages = unique;
            inherit directories;
            joinAwk = ./join.awk;
            preferLocalBuild = true;
            allowSubstitutes = false;
            archiveTools = false;
            meta = {
              inherit mainProgram;
              inherit (first.meta) description homepage;
            };
            passthru = {
              archiveShaped = true;
              archiveNames = map (package: package.archive.name) unique;
              packages = unique;
              override = _: joined;
            };
          }
          ''
            rank=0
            for package in $packages; do
              rank=$((rank + 1))
              echo "R $rank $rank $package"
              for part in usr etc bin sbin lib lib64 libexec share include; do
                [ -d "$package/$part" ] || continue
                find "$package/$part/" -type d | sed 's/^/d /'
                find "$package/$part/" ! -type d | sed 's/^/f /'
              done
            done >list
            awk -f "$joinAwk" list >commands
            mkdir $out
            cd $out
            . "$NIX_BUILD_TOP/commands"
            mkdir -p nix-support etc usr
            for kind in alternatives set-id; do
              for package in $packages; do
                [ ! -e "$package/nix-support/$kind" ] || cat "$package/nix-support/$kind"
              done >nix-support/$kind
            done
            # A linked directory becomes one of its own before it gets more.
            own() {
              [ ! -L "$1" ] || { target=$(readlink "$1"); rm "$1"; mkdir "$1"; ln -s "$target"/* "$1/"; }
              mkdir -p "$1"
            }
            ${lib.optionalString (programs != { }) "own usr; own usr/bin; own bin"}
            ${lib.concatStrings (
              lib.mapAttrsToList (extra: program: ''
                for place in usr/bin bin; do
                  [ ! -e "$place/${program}" ] || ln -sfn "$(readlink -f "$place/${program}")" "$place/${extra}"
                done
              '') programs
            )}${lib.concatStrings (lib.mapAttrsToList (extra: place: "ln -s ${place} ${extra}\n") links)}
            for directory in $directories; do
              own bin
              for package in $packages; do
                for program in "$package/$directory"/*; do
                  [ ! -e "$program" ] || ln -sf "$program" bin/
                done
              done
            done
            ${lib.concatMapStrings (program: ''
              path=
              for part in ${lib.replaceStrings [ "/" ] [ " " ] (dirOf program)}; do path=$path''${path:+/}$part; own "$path"; done
              original=$(readlink -f ${program})
              rm ${program}
              cp "$original" ${program}
              own bin
              ln -sf "$out/${program}" bin/
            '') copies}
          '';
    in
    joined;
}
