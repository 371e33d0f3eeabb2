# Showing a file set on standard error, line by line, while it is being evaluated.
#
# Not for: reading the output back; the format may change.
{ lib, internal }:

let
  inherit (builtins)
    all
    attrNames
    attrValues
    isAttrs
    isString
    mapAttrs
    trace
    ;
in
{
  # A tree that is as small as it can be for showing:
  # - "directory" if everything in a directory is in the set, null if nothing is,
  # - "emptyDir" for a directory in which there is no file at all; it fits either way.
  # Lazy: an included directory is only searched until one file is found.
  _normaliseTreeMinimal =
    path: tree:
    if tree == "directory" || isAttrs tree then
      let
        entries = mapAttrs (name: internal._normaliseTreeMinimal (path + "/${name}")) (
          internal._directoryEntries path tree
        );
        values = attrValues entries;
      in
      if all (value: value == "emptyDir") values then
        "emptyDir"
      else if tree == "directory" || all isString values then
        "directory"
      else if all (value: value == null || value == "emptyDir") values then
        null
      else
        entries
    else
      tree;

  # The traces of a tree, as far as it can be evaluated.  `before` stands for the lines
  # so far; it is forced before the next line is made, which keeps them in order.
  _printMinimalTree =
    base: tree:
    let
      note =
        tree:
        if isAttrs tree then
          ""
        else if tree == "directory" then
          " (all files in directory)"
        else
          " (${tree})";

      isNothing = tree: tree == null || tree == "emptyDir";

      entries =
        before: indent: tree:
        builtins.seq before builtins.foldl' (
          before: name:
          let
            entry = tree.${name};
            line = trace "${indent}- ${name}${note entry}" before;
          in
          if isNothing entry then
            before
          else if isAttrs entry then
            entries line (indent + "  ") entry
          else
            line
        ) before (attrNames tree);

      heading = trace (if isNothing tree then "(empty)" else toString base + note tree) null;
    in
    if isAttrs tree then entries heading "" tree else heading;

  _printFileset =
    fileset:
    if fileset._internalIsEmptyWithoutBase then
      trace "(empty)" null
    else
      internal._printMinimalTree fileset._internalBase (
        internal._normaliseTreeMinimal fileset._internalBase fileset._internalTree
      );
}
