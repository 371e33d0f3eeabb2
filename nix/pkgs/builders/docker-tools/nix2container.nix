# `pkgs.nix2container`: buildImage and buildLayer with nix2container's arguments. What they make is small: a list of
# layers with their digests; the layers' bytes are made when the image is copied somewhere.
#
# Not for pulling images, nor for a Nix database inside: dockerTools.pullImage makes a `fromImage`.
{
  lib,
  bootstrap,
  program,
  image,
  packages,
  runCommand,
  writeScriptBin,
}:
let
  stamp = { };

  rootOf =
    function: name: copyToRoot: contents:
    if contents == null then
      lib.optionals (copyToRoot != null) (lib.toList copyToRoot)
    else if copyToRoot == null then
      lib.toList contents
    else
      throw "nix2container.${function}: ‘${name}’ has both `contents' and `copyToRoot', which mean the same";

  # Layers that a layer stands on, each once, however often it is in the chain.
  nestedOf = layers: lib.unique (lib.concatMap (layer: layer.nestedLayers ++ [ layer ]) layers);

  buildLayer =
    {
      deps ? [ ],
      copyToRoot ? null,
      contents ? null,
      ignore ? null,
      layers ? [ ],
      reproducible ? true,
      perms ? [ ],
      maxLayers ? 1,
      metadata ? {
        created_by = "nix2container";
      },
    }:
    let
      roots = rootOf "buildLayer" "layer" copyToRoot contents;
      names = packages.namesOf {
        contents = lib.filter lib.isAttrs deps ++ roots;
        texts = map toString deps;
      };
      # Packages of the archive get their /usr in the image, which knows them all.
      root = image.layer {
        name = "layer";
        contents = roots;
        names = [ ];
        copies = true;
        inherit stamp perms;
      };
      nested = nestedOf layers;
    in
    runCommand "layers.json"
      {
        archiveTools = false;
        preferLocalBuild = true;
        allowSubstitutes = false;
        exportReferencesGraph = lib.concatLists (
          lib.imap0 (number: path: [
            "graph-${toString number}"
            path
          ]) (deps ++ roots)
        );
        passAsFile = [ "settings" ];
        settings = builtins.toJSON {
          inherit stamp metadata;
          maxLayers = if roots != [ ] && maxLayers < 2 then 2 else maxLayers;
          single = maxLayers == 1;
          includeStorePaths = true;
          keepTars = !reproducible;
          leftOut = map (path: "${path}") (lib.optional (ignore != null) ignore ++ roots);
          layers = map (layer: "${layer}/layers.json") nested;
        };
        passthru = {
          nestedLayers = nested;
          imagePackages = names;
        };
      }
      ''
        mkdir $out
        touch graph-none
        ${program} pack "$settingsPath" "${lib.optionalString (roots != [ ]) "${root}/layer.tar"}" $out graph-*
      '';

  buildImage =
    {
      name,
      tag ? null,
      config ? { },
      copyToRoot ? null,
      contents ? null,
      fromImage ? "",
      arch ? image.defaultArchitecture,
      maxLayers ? 1,
      perms ? [ ],
      initializeNixDatabase ? false,
      nixUid ? 0,
      nixGid ? 0,
      layers ? [ ],
      created ? "0001-01-01T00:00:00Z",
      meta ? { },
    }:
    let
      imageName = lib.toLower name;
      roots = rootOf "buildImage" name copyToRoot contents;
      nested = nestedOf layers;
      base = if fromImage == "" then null else fromImage;
      root = image.layer {
        name = baseNameOf name;
        contents = roots;
        copies = true;
        names = packages.namesOf {
          contents = roots;
          texts = [ (builtins.toJSON config) ];
          base = base.imagePackages or [ ] ++ lib.concatMap (layer: layer.imagePackages) nested;
        };
        inherit stamp perms;
      };
      conf = image.plan {
        name = baseNameOf name;
        layer = root;
        architecture = arch;
        fromImage = base;
        single = maxLayers == 1;
        maxLayersOfAll = false;
        layers = nested;
        # Only layers come from a base image.
        inheritEnv = false;
        inherit
          imageName
          tag
          config
          created
          stamp
          maxLayers
          ;
      };
      imageTag = image.tagOf tag conf;
      reference = "${imageName}:${imageTag}";
      copy =
        script: destination:
        writeScriptBin script ''
          #!${bootstrap.busybox}/bin/sh
          set -e
          if ! command -v skopeo >/dev/null; then
            echo "error: the program skopeo is not installed, which takes images everywhere" >&2
            exit 1
          fi
          directory=$(${bootstrap.busybox}/bin/mktemp -d)
          trap '${bootstrap.busybox}/bin/rm -rf "$directory"' EXIT
          # skopeo reads an archive more than once.
          ${program} stream ${conf} >"$directory/image.tar"
          skopeo --insecure-policy copy "docker-archive:$directory/image.tar" ${destination} "$@"
        '';
    in
    if initializeNixDatabase then
      image.refuse.database name
    else
      conf
      // {
        inherit imageName imageTag fromImage;
        imageRefUnsafe = builtins.unsafeDiscardStringContext reference;
        meta = conf.meta // meta;
        copyTo = copy "copy-to" "";
        copyToDockerDaemon = copy "copy-to-docker-daemon" "docker-daemon:${reference}";
        copyToPodman = copy "copy-to-podman" "containers-storage:${reference}";
        copyToRegistry = copy "copy-to-registry" "docker://${reference}";
      };
in
{
  inherit buildImage buildLayer;
}
