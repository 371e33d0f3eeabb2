"""The images that test_docker_tools.py builds, as expressions. Not for the packages in them (images_archive.py)."""

from __future__ import annotations

# One expression for all images, so that one evaluation and one build make them.
IMAGES = """
let
  inherit (pkgs) dockerTools;
  script = pkgs.writeScript "deep" "#!${pkgs.bash}/bin/bash\\n${pkgs.greet}/bin/greet\\n";
  tree = pkgs.runCommand "tree" { } ''
    mkdir -p $out/bin $out/etc/app $out/opt
    echo tool >$out/bin/tool
    chmod +x $out/bin/tool
    echo setting >$out/etc/app/setting
    ln -s ${pkgs.writeText "elsewhere" "elsewhere"} $out/etc/app/link
    ln -s app $out/etc/alias
    ln -s ${pkgs.writeTextDir "inside/file" "deep"} $out/opt/package
    ln -s ${pkgs.writeTextDir "inside/file" "deep"} $out/srv
  '';
  more = pkgs.writeTextDir "etc/app/more" "more";
  over = pkgs.writeTextDir "etc/alias/over" "over";
  small = map (n: pkgs.writeText "small-${toString n}.0" (toString n)) [ 1 2 3 4 5 6 ];
  env = pairs: { Env = pairs; };
in
rec {
  plain = dockerTools.streamLayeredImage {
    name = "Registry.example/Plain";
    contents = [ tree more ];
    config.Cmd = [ "${script}" "with space" ];
    extraCommands = "mkdir -p tmp var; chmod 1777 tmp";
  };
  sibling = dockerTools.streamLayeredImage {
    name = "sibling";
    tag = "one";
    config.Cmd = [ "${script}" ];
    extraCommands = "echo sibling >sibling";
  };
  file = dockerTools.buildLayeredImage { name = "file"; tag = "1"; contents = pkgs.dockerTools.fakeNss; created = "now"; };
  copied = dockerTools.buildImage {
    name = "copied";
    copyToRoot = [ tree more pkgs.greet ];
    config = env [ "PATH=/bin" "A=first" "B=base" ] // { Cmd = [ "/bin/greet" ]; Labels.x = "y"; };
    uid = 7;
    gid = 8;
  };
  onCopied = dockerTools.buildImage {
    name = "on-copied";
    tag = "t";
    fromImage = copied;
    config = env [ "A=second" ];
    extraCommands = "echo new >new";
    compressor = "none";
  };
  onStream = dockerTools.buildLayeredImage {
    name = "on-stream";
    fromImage = withEnv;
    config = env [ "B=upper" "C=upper" ] // { WorkingDir = "${pkgs.writeText "working-1.0" "x"}"; };
    compressor = "none";
  };
  withEnv = dockerTools.streamLayeredImage { name = "with-env"; config = env [ "A=lower" "B=lower" ]; };
  twoLayers = dockerTools.streamLayeredImage { name = "two"; maxLayers = 2; config.Env = [ "all=${toString small}" ]; };
  bulk = dockerTools.streamLayeredImage { name = "bulk"; fromImage = onTwo; maxLayers = 4; config.Env = [ "all=${toString small}" ]; };
  onTwo = dockerTools.buildLayeredImage { name = "on-two"; maxLayers = 2; config.Env = [ "x=${pkgs.writeText "base-1.0" ""}" ]; compressor = "none"; };
  owners = dockerTools.streamLayeredImage {
    name = "owners";
    config.Env = [ "x=${more}" ];
    uid = 1001; gid = 1002; uname = "someone"; gname = "some"; mtime = "2001-02-03T04:05:06Z"; created = "2002-01-01T00:00:00+01:00";
    architecture = "arm64";
  };
  empty = dockerTools.streamLayeredImage { name = "empty"; includeStorePaths = false; config.Cmd = [ "${script}" ]; contents = [ tree ]; };
  merged = dockerTools.mergeImages [ sibling onCopied withEnv ];
  onMerged = dockerTools.buildImage { name = "on-merged"; fromImage = merged; fromImageName = "sibling"; fromImageTag = "one"; };
  joined = dockerTools.buildImage { name = "joined"; copyToRoot = [ tree over ]; compressor = "none"; };
  kept = dockerTools.buildImage { name = "kept"; copyToRoot = [ tree over ]; compressor = "none"; keepContentsDirlinks = true; };
  helpers = dockerTools.streamLayeredImage {
    name = "helpers";
    contents = with dockerTools; [ usrBinEnv binSh caCertificates (fakeNss.override { extraPasswdLines = [ "me:x:1000:1000::/:" ]; }) ];
    extraCommands = dockerTools.shadowSetup;
  };
}
"""
CHOWN = """{
  chown = pkgs.dockerTools.streamLayeredImage {
    name = "chown";
    contents = [ pkgs.greet ];
    fakeRootCommands = "mkdir -p home/me; echo mine >home/me/file; chown -R 1000:1001 home/me";
  };
}"""


# What nix2container's own tests have, as far as it is not about pulling.
NESTED = """
let
  n2c = pkgs.nix2container;
  first = n2c.buildLayer { deps = [ pkgs.greet ]; metadata = { created_by = "me"; author = "I"; comment = "first"; }; };
  second = n2c.buildLayer { deps = [ pkgs.greet pkgs.bash ]; layers = [ first ]; reproducible = false; };
  third = n2c.buildLayer { deps = [ (pkgs.writeText "third-1.0" "") ]; layers = [ first second ]; };
  root = pkgs.writeTextDir "etc/app/secret" "${pkgs.writeText "needed-1.0" ""}";
  other = pkgs.writeTextDir "etc/app/other" "";
in
rec {
  nested = n2c.buildImage {
    name = "Nested";
    tag = "t";
    layers = [ third ];
    copyToRoot = [ root other ];
    config.Entrypoint = [ "${pkgs.greet}/bin/greet" ];
    perms = [ { path = root; regex = "app/secret$"; mode = "0600"; uid = 1001; uname = "me"; } ];
    created = "2020-01-02T03:04:05Z";
    arch = "arm64";
  };
  layered = n2c.buildImage {
    name = "layered";
    fromImage = pkgs.dockerTools.buildImage { name = "base"; config.Env = [ "BASE=1" ]; extraCommands = "echo base >base"; };
    maxLayers = 3;
    config.Env = map toString [ (pkgs.writeText "a-1.0" "") (pkgs.writeText "b-1.0" "") (pkgs.writeText "c-1.0" "") ];
  };
  copyNested = nested.copyTo;
  copyLayered = layered.copyToRegistry;
}
"""
