# The numbers behind `lib.network`: an IPv6 address as a list of eight 16-bit integers.
#
# Internal: only ./default.nix and the tests look in here.  RFC 4291 section 2.2 has the text forms.
{
  lib ? import ../.,
}:

let
  inherit (builtins)
    genList
    length
    match
    ;

  pieceCount = 8;
  bitCount = 128;
  pieceMax = 65535;

  # Eight hexadecimal strings; "::" stands for as many zeros as are missing, at least one.
  expand =
    text:
    let
      # With at most one "::" there are one or two halves.
      halves = lib.splitString "::" text;
      piecesOf = half: if half == "" then [ ] else lib.splitString ":" half;
      given = lib.concatMap piecesOf halves;
      missing = pieceCount - length given;
      compressed = length halves == 2;

      wellFormed =
        length halves <= 2
        && !builtins.elem "" given
        && (if compressed then missing >= 1 else missing == 0);
    in
    if match "[0-9A-Fa-f:]+" text == null then
      throw "${text} contains malformed characters for IPv6 address"
    else if !wellFormed then
      throw "${text} is not a valid IPv6 address"
    else if compressed then
      piecesOf (lib.head halves) ++ genList (_: "0") missing ++ piecesOf (lib.last halves)
    else
      given;

  # Length first: fromHexString of a long string would leave the range of integers.
  toPiece =
    hex:
    let
      significant = match "0*([0-9A-Fa-f]{1,4})" hex;
      number = lib.trivial.fromHexString hex;
    in
    if significant != null && number <= pieceMax then number else throw "0x${hex} is not a valid u16 integer";

  parse = text: map toPiece (expand text);
in
{
  _ipv6 = {
    # [ 8193 3512 0 0 0 0 0 65535 ] -> "2001:db8:0:0:0:0:0:ffff"
    toStringFromExpandedIp = lib.concatMapStringsSep ":" (
      piece: lib.toLower (lib.trivial.toHexString piece)
    );

    # "ADDRESS" or "ADDRESS/LENGTH" -> { address = [ 8 integers ]; prefixLength; }
    split =
      text:
      let
        parts = lib.splitString "/" text;
        bits = lib.toInt (lib.last parts);
      in
      if length parts == 1 then
        {
          address = parse text;
          prefixLength = bitCount;
        }
      else if length parts == 2 then
        {
          address = parse (lib.head parts);
          prefixLength =
            if 1 <= bits && bits <= bitCount then
              bits
            else
              throw "${text} IPv6 subnet should be in range [1;${toString bitCount}], got ${toString bits}";
        }
      else
        throw "${text} is not a valid IPv6 address in CIDR notation";
  };
}
