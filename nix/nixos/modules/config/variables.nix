# What environment.variables and environment.sessionVariables have in common: the type of their values, the text of one, and
# how they meet the directories of profiles. For the two modules that declare them.
{ lib }:

let
  inherit (lib) concatLists concatMap isList mapAttrs types;
  word = [ types.int types.float types.str types.path ];
  # A path is copied into the store: the host's file is not there in the container.
  wordText = value: if builtins.isPath value then "${value}" else toString value;
in
{
  # A word or a number, several of them (joined with colons), or null for none.
  type = types.attrsOf (types.nullOr (types.oneOf ([ (types.listOf (types.oneOf word)) ] ++ word)));

  text = value: if isList value then lib.concatMapStringsSep ":" wordText value else wordText value;

  # Sets of lists, the earlier sets' entries first, as text.
  joined = sets: mapAttrs (_: lib.concatStringsSep ":") (lib.zipAttrsWith (_: concatLists) sets);

  # One-word values, or none, as lists for `joined`.
  lists = variables: mapAttrs (_: value: [ value ]) (lib.filterAttrs (_: value: value != null) variables);

  # { MANPATH = [ "/man" ]; } -> { MANPATH = [ "<profile>/man" ... ]; }
  inProfiles =
    profiles:
    let
      # XDG_STATE_HOME may be unset, and what would be left is a path from the root.
      places = lib.unique (map (builtins.replaceStrings [ "\${XDG_STATE_HOME}" ] [ "$HOME/.local/state" ]) profiles);
    in
    mapAttrs (_: suffixes: concatMap (profile: map (suffix: "${profile}${suffix}") suffixes) places);

  # Before and after whatever else is in the path: rights above all, and the archive's own places.
  pathFirst = wrapperDir: { PATH = [ wrapperDir ]; };
  pathLast = { PATH = [ "/usr/local/sbin" "/usr/local/bin" "/usr/sbin" "/usr/bin" ]; };
}
