# Many small files in one derivation: text for a builder, unpacked by write-files.awk.
#
# A derivation per file would cost some 20 ms each to build. Values: `encode` for a builder of one's own, `build` for a
# directory of files.
{ lib, pkgs }:

rec {
  # Starts a header line. Long and odd enough not to be the start of a line of anybody's file by accident.
  separator = "=:=nixos-file-83f1c0d27a5e=:=";

  # { "a/b" = "text"; } -> the records that write-files.awk reads.
  encode = files: lib.concatStrings (lib.mapAttrsToList (path: text: "${separator}${path}\n${text}\n") files);

  # A directory with these files; `commands` run in it afterwards ($out is the directory).
  build =
    { name, files, commands ? "", env ? { } }:
    pkgs.runCommand name ({
      texts = encode files;
      passAsFile = [ "texts" ];
      preferLocalBuild = true;
      allowSubstitutes = false;
    } // env) ''
      mkdir -p $out
      awk -v out="$out" -v sep=${separator} -f ${./write-files.awk} "$textsPath"
      ${commands}
    '';
}
