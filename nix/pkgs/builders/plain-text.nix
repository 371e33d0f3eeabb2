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

  # Text that refers to nothing to be built can be put into the store at once: a
  # build less. `drvPath` is still there for who asks, and makes the same file.
  ready =
    attrs:
    !executable
    && destination == ""
    && !builtins.hasContext attrs.text
    && !builtins.hasContext attrs.name;

  make =
    attrs:
    let
      drv = derivation attrs;
      extras = {
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
            changed =
              if !builtins.isFunction change then
                change
              else if builtins.isFunction first then
                first attrs
              else
                first;
          in
          make (attrs // changed);
      }
      // passthru;
      result =
        drv
        // extras
        // (
          if ready attrs then
            {
              outPath = builtins.toFile attrs.name attrs.text;
              out = result;
            }
          else
            { }
        );
    in
    result;
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
