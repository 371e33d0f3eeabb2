# lib.network: IPv6 addresses, and interface suffixes out of MAC addresses.
{ lib }:

let
  inherit (lib.network.ipv6) fromString mkEUI64Suffix;
  inherit (import ../../lib/network/internal.nix { inherit lib; }) _ipv6;
  pieces = text: (_ipv6.split text).address;
  bits = text: (_ipv6.split text).prefixLength;
in
{
  "an address with a prefix length" = {
    expr = fromString "2001:DB8::ffff/64";
    expected = {
      address = "2001:db8:0:0:0:0:0:ffff";
      prefixLength = 64;
    };
  };
  "an address without zeros to leave out" = {
    expr = fromString "1234:5678:90ab:cdef:fedc:ba09:8765:4321/44";
    expected = {
      address = "1234:5678:90ab:cdef:fedc:ba09:8765:4321";
      prefixLength = 44;
    };
  };
  "without a prefix length it is one host" = {
    expr = (fromString "::1").prefixLength;
    expected = 128;
  };

  "leading zeros" = {
    expr = pieces "000a:000b:000c:000d:000e:000f:ffff:aaaa";
    expected = [
      10
      11
      12
      13
      14
      15
      65535
      43690
    ];
  };
  "nothing but zeros" = {
    expr = map pieces [
      "::"
      "::0000"
      "0:0:0:0:0:0:0:0"
    ];
    expected = lib.replicate 3 (lib.replicate 8 0);
  };
  "zeros in front, behind and between" = {
    expr = map pieces [
      "::1"
      "1::"
      "1::1"
      "::1:1:1:1:1:1:1"
      "1:1:1:1:1:1:1::"
      "1:1:1:1::1:1:1"
    ];
    expected = [
      [ 0 0 0 0 0 0 0 1 ]
      [ 1 0 0 0 0 0 0 0 ]
      [ 1 0 0 0 0 0 0 1 ]
      [ 0 1 1 1 1 1 1 1 ]
      [ 1 1 1 1 1 1 1 0 ]
      [ 1 1 1 1 0 1 1 1 ]
    ];
  };
  "both ends of the range of prefix lengths" = {
    expr = map bits [
      "::"
      "::/1"
      "::/128"
    ];
    expected = [
      128
      1
      128
    ];
  };

  "none of these is an address" = {
    expr = map (text: (builtins.tryEval (builtins.deepSeq (fromString text) true)).success) [
      ""
      "0:0:0:0:0:0:0:-1"
      "::0:"
      ":0::"
      "0::0:"
      "0:0:"
      "0:0:0:0:0:0:0:0:0"
      "0:0:0:0:0:0:0:0:"
      "::0:0:0:0:0:0:0:0"
      "0::0:0:0:0:0:0:0"
      "1::2::3"
      ":::"
      "::10000"
      "::fffff"
      "::g"
      "1.2.3.4"
      "::/0"
      "::/129"
      "::/"
      "/::/"
    ];
    expected = lib.replicate 20 false;
  };
  "other characters" = {
    expr = fromString "0:0:0:0:0:0:0:-1";
    error = "0:0:0:0:0:0:0:-1 contains malformed characters for IPv6 address";
  };
  "too few pieces" = {
    expr = fromString "0:0:";
    error = "0:0: is not a valid IPv6 address";
  };
  "too large a piece" = {
    expr = fromString "::10000";
    error = "0x10000 is not a valid u16 integer";
  };
  "too large a prefix length" = {
    expr = fromString "::/129";
    error = "::/129 IPv6 subnet should be in range [1;128], got 129";
  };
  "two slashes" = {
    expr = fromString "/::/";
    error = "/::/ is not a valid IPv6 address in CIDR notation";
  };

  "a suffix out of a MAC address, whatever separates the octets" = {
    expr = map mkEUI64Suffix [
      "00:11:22:AA:BB:CC"
      "00-11-22-aa-bb-cc"
      "00.11.22.aa.BB.cc"
      "001122AABBCC"
    ];
    expected = lib.replicate 4 "211:22ff:feaa:bbcc";
  };
  "the second bit of the first octet is inverted" = {
    expr = map mkEUI64Suffix [
      "66:75:63:6B:20:75"
      "12:34:56:78:9A:bc"
      "ff-ff-ff-ff-ff-ff"
      "00.00.00.00.00.00"
    ];
    expected = [
      "6475:63ff:fe6b:2075"
      "1034:56ff:fe78:9abc"
      "fdff:ffff:feff:ffff"
      "200:00ff:fe00:0000"
    ];
  };
  "none of these is a MAC address" = {
    expr = map (mac: (builtins.tryEval (mkEUI64Suffix mac)).success) [
      ""
      "123456789AB"
      "1:2:3:4:5:6"
      "00:11:-2:AA:BB:CC"
      "ab:cd:ef:g0:12:34"
      "::::::::::::"
    ];
    expected = lib.replicate 6 false;
  };
  "a bad MAC address is named" = {
    expr = mkEUI64Suffix "12";
    error = "\"12\" is not a valid MAC address (expected 6 octets of hex digits)";
  };
}
