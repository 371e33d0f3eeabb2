# Network addresses at evaluation time: `lib.network`.
#
# For: checking and normalising IPv6 addresses, and interface suffixes made from
# hardware addresses.  Not for: IPv4, name resolution, or address allocation.
{ lib }:

let
  inherit (import ./internal.nix { inherit lib; }) _ipv6;

  octet = "([[:xdigit:]]{2})";
  macPattern = lib.concatStringsSep "[-:.]?" (lib.replicate 6 octet);
in
{
  ipv6 = {
    # "2001:DB8::ffff/32" -> { address = "2001:db8:0:0:0:0:0:ffff"; prefixLength = 32; }
    # The prefix length is 128 when it is left out.  Zeros are not compressed, so this is
    # not the canonical text of RFC 5952; the mixed form with a dotted quad is not accepted.
    fromString =
      text:
      let
        parts = _ipv6.split text;
      in
      {
        address = _ipv6.toStringFromExpandedIp parts.address;
        inherit (parts) prefixLength;
      };

    # The lower 64 bits of an autoconfigured address (modified EUI-64, RFC 4291 appendix A):
    # "66:75:63:6B:20:75" -> "6475:63ff:fe6b:2075"
    mkEUI64Suffix =
      mac:
      let
        octets = builtins.match macPattern mac;
        at = builtins.elemAt octets;
        # The universal/local bit is inverted in the first octet.
        first = lib.trivial.toHexString (lib.trivial.bitXor 2 (lib.trivial.fromHexString (at 0)));
      in
      if octets == null then
        throw "\"${mac}\" is not a valid MAC address (expected 6 octets of hex digits)"
      else
        lib.toLower "${first}${at 1}:${at 2}ff:fe${at 3}:${at 4}${at 5}";
  };
}
