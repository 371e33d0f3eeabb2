# streamLayeredImage, whose result is a script that writes the image to stdout, and buildLayeredImage, whose result is
# the same as a file.
#
# Not for: what is in the image (image.nix).
{
  lib,
  program,
  image,
  packages,
  compress,
  runCommand,
  writeTextFile,
  bootstrap,
}:
let
  epoch = "1970-01-01T00:00:01Z";

  # Numbers say who an owner is; the names of number 0 say nothing more.
  ownerName = name: if name == "root" then "" else name;

  streamLayeredImage = lib.makeOverridable (
    {
      name,
      tag ? null,
      fromImage ? null,
      contents ? [ ],
      config ? { },
      architecture ? image.defaultArchitecture,
      created ? epoch,
      mtime ? epoch,
      uid ? 0,
      gid ? 0,
      uname ? "root",
      gname ? "root",
      maxLayers ? 100,
      extraCommands ? "",
      fakeRootCommands ? "",
      enableFakechroot ? false,
      includeStorePaths ? true,
      includeNixDB ? false,
      passthru ? { },
      meta ? { },
      # Experimental in nixpkgs: how layers are made, and that it is told. Layers are made by size here.
      layeringPipeline ? null,
      debug ? false,
    }:
    assert lib.assertMsg (maxLayers > 1)
      "dockerTools: `maxLayers' of the image ‘${name}’ is ${toString maxLayers}; it needs one layer for the store and one for the root at least";
    let
      baseName = baseNameOf name;
      imageName = lib.toLower name;
      contentsList = lib.toList contents;
      names = packages.namesOf {
        contents = contentsList;
        texts = [ (builtins.toJSON config) ];
        base = fromImage.imagePackages or [ ];
      };
      stamp = {
        inherit uid gid mtime;
        uname = ownerName uname;
        gname = ownerName gname;
      };
      layer = image.layer {
        name = baseName;
        contents = contentsList;
        inherit names extraCommands fakeRootCommands;
        # Of the files of the image's own, root is the owner, unless fakeRootCommands says otherwise.
        stamp = { inherit mtime; };
      };
      conf = image.plan {
        name = baseName;
        inherit
          imageName
          tag
          layer
          config
          architecture
          created
          stamp
          fromImage
          maxLayers
          includeStorePaths
          ;
      };
      imageTag = image.tagOf tag conf;
    in
    if enableFakechroot then
      image.refuse.chroot name
    else if includeNixDB then
      image.refuse.database name
    else
      writeTextFile {
        name = "stream-${baseName}";
        executable = true;
        text = ''
          #!${bootstrap.busybox}/bin/sh
          exec ${program} stream ${conf} "$@"
        '';
        inherit meta;
        passthru = passthru // {
          inherit conf imageTag imageName layer;
          imagePackages = names;
          # Whoever takes images can tell whether to run or to read it.
          isExe = true;
        };
      }
  );

  buildLayeredImage = lib.makeOverridable (
    {
      name,
      compressor ? "gz",
      ...
    }@args:
    let
      stream = streamLayeredImage (removeAttrs args [ "compressor" ]);
      method = compress compressor;
    in
    runCommand "${baseNameOf name}.tar${method.extension}"
      {
        inherit (stream) imageName meta;
        nativeBuildInputs = method.inputs;
        passthru = (args.passthru or { }) // {
          inherit (stream)
            imageTag
            imageName
            conf
            layer
            imagePackages
            ;
          inherit stream;
        };
      }
      ''
        ${stream} ${method.pipe} >$out
      ''
  );
in
{
  inherit streamLayeredImage buildLayeredImage;
}
