# The program that puts images together, as a script that runs wherever the store is: in builds, and on any host, whose
# own Python and libraries it leaves alone. `${program} COMMAND SETTINGS ARGUMENT…`, see program/main.py.
#
# Not for: images themselves.
{
  lib,
  bootstrap,
  toolsEnv,
  writeScript,
  python3,
}:
let
  code = builtins.path {
    name = "image-program";
    path = ./program;
    filter = path: _: lib.hasSuffix ".py" path;
  };

  # How store paths are shared out among layers, and how a tar is written, is the same here as in `nixos-container
  # image`, so that both make the same layers. These files and no others: a change elsewhere must change no image. In the source they are in src/,
  # installed they are beside nix/.
  wanted = [
    "nixos_containers"
    "nixos_containers/base"
    "nixos_containers/base/errors.py"
    "nixos_containers/oci"
    "nixos_containers/oci/tarball.py"
    "nixos_containers/plan"
    "nixos_containers/plan/layers.py"
    "nixos_containers/plan/store_graph.py"
  ];
  root = ../../../..;
  above = if builtins.pathExists (root + "/src/nixos_containers") then root + "/src" else root;
  layering = builtins.path {
    name = "image-layering";
    path = above;
    filter = path: _: lib.elem (lib.removePrefix "${toString above}/" path) wanted;
  };

  tree = toolsEnv.make (toolsEnv.namesOf [ python3 ] [ ]);
in
writeScript "image-program" ''
  #!${bootstrap.busybox}/bin/sh
  set -e
  tree=${tree}
  # A program of the archive looks for its loader and its libraries in a /usr that may be another system's.
  for loader in $tree/lib64/ld-linux* $tree/lib/ld-linux*; do
    [ ! -e "$loader" ] || break
  done
  libraries=
  for directory in $tree/lib/*-linux-gnu* $tree/lib $tree/lib64; do
    [ ! -d "$directory" ] || libraries="$libraries''${libraries:+:}$directory"
  done
  # The one thing that may come in between says whose files are whose.
  if [ -n "$FAKEROOTKEY" ]; then
    libraries="$libraries:$LD_LIBRARY_PATH"
  else
    unset LD_PRELOAD
  fi
  export PYTHONHOME=$tree PYTHONPATH=${code}:${layering} LC_ALL=C.UTF-8
  exec "$loader" --library-path "$libraries" $tree/bin/python${python3.pythonVersion} -s -B ${code}/main.py "$@"
''
