# The leanest derivation: one file from one text. A system has a hundred of
# them, so it does without the shell's setup and without mkDerivation's work.
#
# Not for callers: writeTextFile decides when it is enough.
{ system, bootstrap }:
{
  name,
  text,
  executable,
  destination,
  allowSubstitutes,
  preferLocalBuild,
  passthru,
  meta,
}:
let
  directory = builtins.match "(.*)/[^/]*" destination;
  make =
    attrs:
    let
      drv = derivation attrs;
    in
    drv
    // {
      inherit name passthru;
      meta = {
        inherit name;
        outputsToInstall = [ "out" ];
        available = true;
        position = null;
      }
      // meta;
      overrideAttrs =
        change:
        let
          first = change attrs;
        in
        make (attrs // (if !builtins.isFunction change then change else if builtins.isFunction first then first attrs else first));
    }
    // passthru;
in
make {
  inherit
    name
    system
    text
    allowSubstitutes
    preferLocalBuild
    ;
  passAsFile = [ "text" ];
  builder = "${bootstrap.busybox}/bin/sh";
  args = [
    "-ec"
    (
      "PATH=${bootstrap.busybox}/bin; "
      + (if destination == "" then "" else "mkdir -p \"$out${builtins.head directory}\"; ")
      + "cat \"$textPath\" >\"$out${destination}\""
      + (if executable then "; chmod +x \"$out${destination}\"" else "")
    )
  ];
}
