# Names of interfaces as nftables matches them, for the packet filter and networking.nat.
#
# The rules are nftables' in any case, but unless networking.nftables.enable is set NixOS's would be iptables', whose wildcard is
# a plus sign at the end: `plus` says so. A name of one's own with a star is a pattern of nftables in either case.
{ lib, plus }:

let
  pattern = name: if plus && lib.hasSuffix "+" name then lib.removeSuffix "+" name + "*" else name;
  isPattern = lib.hasSuffix "*";
in
rec {
  # One condition for one name. "*" alone is refused by nft, and asks for nothing.
  match = direction: name: lib.optionalString (pattern name != "*") ''${direction} "${pattern name}" '';

  # Conditions of which one has to hold, each for a rule of its own: not every nft takes patterns in a set.
  matches =
    direction: names:
    let
      sorted = lib.partition (name: isPattern (pattern name)) names;
    in
    lib.optional (sorted.wrong != [ ]) "${direction} { ${lib.concatMapStringsSep ", " (name: ''"${name}"'') sorted.wrong} } "
    ++ map (match direction) sorted.right;
}
