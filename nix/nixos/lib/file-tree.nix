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

  # Shell commands that write the records in file `texts` below $out.
  unpack = texts: ''
    unpack_texts() { awk -v out="$out" -v sep=${separator} -v pass=$1 -f ${./write-files.awk} "${texts}"; }
    unpack_texts 1 | sort -u | tr '\n' '\0' | xargs -0 -r mkdir -p
    unpack_texts 2
  '';

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
      ${unpack "$textsPath"}
      ${commands}
    '';
}
