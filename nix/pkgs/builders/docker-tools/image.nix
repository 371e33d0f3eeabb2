# What buildImage and the layered functions have in common: from their arguments to the layer of an image's own, and to
# the plan of the whole image, a JSON file from which the archive is written.
#
# Not for: the arguments' names and defaults, which each function has itself.
{
  lib,
  system,
  program,
  packages,
  runCommand,
  writeText,
  fakerootInputs,
}:
let
  # Names of machine types as image-spec has them.
  architectures = {
    x86_64 = "amd64";
    aarch64 = "arm64";
    armv7l = "arm";
    i686 = "386";
    powerpc64le = "ppc64le";
    riscv64 = "riscv64";
  };
  machine = lib.head (lib.splitString "-" system);

  # An archive to read from. An image that is a script has to be run first.
  archiveOf =
    image:
    if image == null then
      null
    else if image.isExe or false then
      runCommand "${image.imageName or "image"}.tar" { archiveTools = false; } "${image} >$out"
    else
      image;
in
{
  inherit archiveOf;

  # The tag of the image that `result` is: the one that was given, or the hash in its store path.
  tagOf =
    tag: result:
    if tag != null then
      tag
    else
      lib.head (lib.splitString "-" (baseNameOf (builtins.unsafeDiscardStringContext result.outPath)));

  defaultArchitecture = architectures.${machine} or machine;

  refuse = {
    runAsRoot =
      name:
      throw ''
        dockerTools.buildImage: `runAsRoot' of the image ‘${name}’ would start a virtual machine in the build, which needs /dev/kvm and a kernel.
        Use `extraCommands', which runs in the image's root directory, or buildLayeredImage with `fakeRootCommands', where chown works.'';
    database =
      name:
      throw ''
        dockerTools: `includeNixDB' of the image ‘${name}’ is not supported: the embedded packages are no nixpkgs that Nix inside could go on with.
        Leave it out, or build the image with a nixpkgs of its own (docs/nixpkgs.md).'';
    chroot =
      name:
      throw ''
        dockerTools: `enableFakechroot' of the image ‘${name}’ needs proot, which does not work in builds here.
        `fakeRootCommands' runs in the image's root directory: write ./etc where a command would write /etc.'';
  };

  # The root directory of the image as `layer.tar`.
  layer =
    {
      name,
      contents,
      names,
      stamp,
      copies ? false,
      keepContentsDirlinks ? false,
      extraCommands ? "",
      fakeRootCommands ? "",
      perms ? [ ],
    }:
    let
      tree = packages.treeOf names;
      withFakeroot = fakeRootCommands != "";
    in
    runCommand "${name}-customisation-layer"
      (
        {
          passAsFile = [ "settings" ];
          settings = builtins.toJSON {
            inherit copies keepContentsDirlinks;
            contents = map (path: "${path}") (lib.filter (path: !packages.isArchive path) contents);
            copiedPackages = lib.optionals copies (map (path: "${path}") (lib.filter packages.isArchive contents));
            packages = if tree == null then null else "${tree}";
            keepOwners = withFakeroot;
            inherit stamp;
            perms = map (perm: perm // { path = "${perm.path}"; }) perms;
          };
        }
        // lib.optionalAttrs withFakeroot { nativeBuildInputs = fakerootInputs; }
      )
      (
        ''
          mkdir root $out
          ${program} root "$settingsPath" root
          cd root
          ${extraCommands}
          cd "$NIX_BUILD_TOP"
        ''
        + (
          if withFakeroot then
            ''
              cat >commands.sh <<'END OF fakeRootCommands'
              cd root
              ${fakeRootCommands}
              END OF fakeRootCommands
              cat >all.sh <<'END'
              . ./commands.sh
              cd "$NIX_BUILD_TOP"
              ${program} layer "$settingsPath" root $out/layer.tar
              END
              # The kernel refuses owners that the build does not know; fakeroot shall not ask it. It is
              # called by its interpreter: there need not be a /bin/sh.
              FAKEROOTDONTTRYCHOWN=1 bash "$(command -v fakeroot-sysv)" -- bash -e all.sh
            ''
          else
            ''
              ${program} layer "$settingsPath" root $out/layer.tar
            ''
        )
      );

  # The whole image. With `tag` null, it is the hash of the plan's path, or of the path that a build gives.
  plan =
    {
      name,
      imageName,
      tag,
      layer,
      config,
      architecture,
      created,
      stamp,
      fromImage,
      fromImageName ? null,
      fromImageTag ? null,
      maxLayers ? 100,
      # Whether they are counted with those of a base.
      maxLayersOfAll ? true,
      includeStorePaths ? true,
      single ? false,
      layers ? [ ],
      inheritEnv ? true,
    }:
    let
      configFile = writeText "${name}-base.json" (builtins.toJSON (if config == null then { } else config));
      archive = archiveOf fromImage;
    in
    runCommand "${name}-conf.json"
      {
        archiveTools = false;
        # What one has in the store already, nobody needs to fetch: it is cheap, and has the references of a whole image.
        preferLocalBuild = true;
        allowSubstitutes = false;
        exportReferencesGraph = [
          "graph-layer"
          layer
          "graph-config"
          configFile
        ];
        passAsFile = [ "settings" ];
        settings = builtins.toJSON {
          inherit
            architecture
            created
            stamp
            fromImageName
            fromImageTag
            maxLayers
            maxLayersOfAll
            includeStorePaths
            single
            inheritEnv
            ;
          layers = map (ready: "${ready}/layers.json") layers;
          config = "${configFile}";
          leftOut = [
            "${layer}"
            "${configFile}"
          ];
          fromImage = if archive == null then null else "${archive}";
          tag = "${imageName}:${if tag == null then "@tag@" else tag}";
        };
      }
      ''
        hash=''${out##*/}
        sed "s/@tag@/''${hash%%-*}/" "$settingsPath" >settings.json
        ${program} plan settings.json ${layer}/layer.tar $out graph-layer graph-config
      '';
}
