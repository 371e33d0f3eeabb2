# buildImage: one new layer with the root and all store paths that it needs, on top of those of a base image; as an
# archive that `docker load` takes.
#
# Not for: what is in the layer (image.nix). Nothing needs root or a virtual machine, so `runAsRoot` is refused.
{
  lib,
  program,
  image,
  packages,
  compress,
  runCommand,
}:
lib.makeOverridable (
  {
    name,
    tag ? null,
    fromImage ? null,
    fromImageName ? null,
    fromImageTag ? null,
    copyToRoot ? null,
    contents ? null,
    keepContentsDirlinks ? false,
    runAsRoot ? null,
    extraCommands ? "",
    config ? null,
    architecture ? image.defaultArchitecture,
    created ? "1970-01-01T00:00:01Z",
    uid ? 0,
    gid ? 0,
    compressor ? "gz",
    includeNixDB ? false,
    # Of the virtual machine that there is not.
    diskSize ? 1024,
    buildVMMemorySize ? 512,
    meta ? { },
  }@args:
  let
    baseName = baseNameOf name;
    imageName = lib.toLower name;
    given =
      if contents == null then
        copyToRoot
      else if copyToRoot != null then
        throw "dockerTools.buildImage: ‘${name}’ has both `contents' and `copyToRoot', which mean the same; `contents' is deprecated"
      else
        lib.warn "dockerTools.buildImage: ‘${name}’ uses `contents', which is deprecated here: its name is `copyToRoot' (a buildEnv of the packages, for links)" contents;
    contentsList = if given == null then [ ] else lib.toList given;
    names = packages.namesOf {
      contents = contentsList;
      texts = [ (builtins.toJSON config) ];
      base = fromImage.imagePackages or [ ];
    };
    stamp = {
      inherit uid gid;
    };
    layer = image.layer {
      name = "docker-layer-${baseName}";
      contents = contentsList;
      copies = true;
      inherit
        names
        stamp
        keepContentsDirlinks
        extraCommands
        ;
    };
    conf = image.plan {
      name = baseName;
      single = true;
      inherit
        imageName
        tag
        layer
        config
        architecture
        created
        stamp
        fromImage
        fromImageName
        fromImageTag
        ;
    };
    method = compress compressor;
    result =
      runCommand "docker-image-${baseName}.tar${method.extension}"
        {
          inherit meta;
          nativeBuildInputs = method.inputs;
          passthru = {
            inherit layer imageName conf;
            buildArgs = args;
            imagePackages = names;
            imageTag = image.tagOf tag result;
          };
        }
        ''
          hash=''${out##*/}
          ${program} stream ${conf} ${
            lib.optionalString (tag == null) "--repo_tag ${lib.escapeShellArg imageName}:\${hash%%-*}"
          } ${method.pipe} >$out
        '';
  in
  if runAsRoot != null then
    image.refuse.runAsRoot name
  else if includeNixDB then
    image.refuse.database name
  else
    result
)
