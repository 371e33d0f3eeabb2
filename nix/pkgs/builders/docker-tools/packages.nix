# Which packages of the archive an image needs so that its programs run: those in its contents, and those that its
# contents and its configuration mention at any depth. With what they depend on they become one tree, the image's /usr.
#
# The dependencies come from the lock, as those of a build's tools do (../tools.nix). What a derivation mentions stands in
# its .drv file; those are there whenever Nix evaluates in order to build.
# Not for: putting the tree into the image (program/roots.py).
{ lib, toolsEnv }:
let
  inherit (builtins)
    appendContext
    attrNames
    concatMap
    filter
    genericClosure
    getContext
    isAttrs
    isList
    isString
    pathExists
    readFile
    split
    unsafeDiscardStringContext
    ;

  isArchive = package: isAttrs package && (package ? archive || package.archiveShaped or false);

  read =
    drvPath:
    if pathExists drvPath then
      unsafeDiscardStringContext (readFile (appendContext drvPath { ${drvPath}.path = true; }))
    else
      "";

  found = pattern: text: concatMap (part: if isList part then part else [ ]) (split pattern text);

  item =
    drvPath:
    let
      text = read drvPath;
      package = found "\\(\"archivePackage\",\"([^\"]*)\"\\)" text;
    in
    {
      key = drvPath;
      inherit package;
      # A joined tree is an answer already, as in roots.py. A quote inside a string is escaped, so these are structure.
      inputs =
        if package != [ ] || found "(\\(\"archiveClosure\",)" text != [ ] then
          [ ]
        else
          found "\\(\"([^\"\\]+\\.drv)\",\\[" text;
    };

  mentioned =
    texts:
    concatMap (entry: entry.package) (genericClosure {
      startSet = map item (filter (lib.hasSuffix ".drv") (concatMap (text: attrNames (getContext text)) texts));
      operator = entry: map item entry.inputs;
    });
in
{
  inherit isArchive;

  # `base`: names of packages that a base image has. Its tree is hidden by the new one, which so must have them as well.
  namesOf =
    {
      contents,
      texts,
      base ? [ ],
    }:
    lib.unique (
      lib.sort (a: b: a < b) (
        base ++ toolsEnv.namesOf (filter isArchive contents) [ ] ++ mentioned (map (path: "${path}") contents ++ filter isString texts)
      )
    );

  treeOf =
    names: if names == [ ] then null else derivation ((toolsEnv.make names).drvAttrs // { name = "image-packages"; });
}
