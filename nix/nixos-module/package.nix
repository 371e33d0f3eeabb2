# nixos-containers as a package of nixpkgs: the tool, its Nix tree, manuals and completion.
#
# `commandName` is what the tool is called: NixOS has a `nixos-container` of its own, which it may not replace unasked.
{
  lib,
  stdenvNoCC,
  makeWrapper,
  python3,
  nix,
  systemd,
  iproute2,
  nftables,
  strace,
  util-linux,
  commandName ? "nixos-containers",
}:

stdenvNoCC.mkDerivation {
  pname = "nixos-containers";
  version = "0.1.0";
  src = lib.cleanSourceWith {
    src = ../..;
    filter =
      path: _type:
      let
        inside = lib.removePrefix (toString ../.. + "/") (toString path);
        wanted = [
          "src"
          "nix"
          "docs"
        ];
      in
      lib.any (part: inside == part || lib.hasPrefix "${part}/" inside) wanted && !lib.hasSuffix ".pyc" inside;
  };
  nativeBuildInputs = [ makeWrapper ];
  dontBuild = true;
  installPhase = ''
    runHook preInstall
    mkdir -p $out/lib/nixos-containers $out/share/man/man8 $out/share/man/man5 $out/libexec
    cp -R src/nixos_containers $out/lib/nixos-containers/nixos_containers
    cp -R nix $out/lib/nixos-containers/nix
    # The unit files call the program by this name, whatever the command of people is called.
    makeWrapper ${python3.interpreter} $out/libexec/nixos-container \
      --add-flags "-I -c 'import sys; sys.path.insert(0, \"$out/lib/nixos-containers\"); sys.argv[0] = \"$out/libexec/nixos-container\"; from nixos_containers.main import main; sys.exit(main())'" \
      --prefix PATH : ${
        lib.makeBinPath [
          nix
          systemd
          iproute2
          nftables
          strace
          util-linux
        ]
      }
    mkdir -p $out/bin
    ln -s $out/libexec/nixos-container $out/bin/${commandName}
    cp docs/man/nixos-container.8 $out/share/man/man8/${commandName}.8
    for page in docs/man/nixos-container-*.8; do
      sed 's#^\.so man8/nixos-container-#.so man8/${commandName}-#' "$page" \
        > "$out/share/man/man8/${commandName}-''${page##*/nixos-container-}"
    done
    cp docs/man/nixos-containers.nix.5 $out/share/man/man5/
    runHook postInstall
  '';
  meta = {
    description = "NixOS-style declarative system containers on any Linux host";
    license = lib.licenses.mit;
    mainProgram = commandName;
    platforms = lib.platforms.linux;
  };
}
