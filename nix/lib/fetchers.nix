# What fetchers share: the environment that they may see, and one shape for the
# many ways in which people give a hash.
#
# Not for: fetching.
{ lib }:

let
  inherit (builtins) intersectAttrs removeAttrs;

  namesOf = hashTypes: [ "hash" ] ++ hashTypes;

  fake = {
    hash = lib.fakeHash;
    sha256 = lib.fakeSha256;
    sha512 = lib.fakeSha512;
  };
in
rec {
  # Fixed-output builds may use the caller's proxy: their result does not
  # depend on the way it took. Proxies for https often bring their own CA.
  proxyImpureEnvVars = [
    "http_proxy"
    "https_proxy"
    "ftp_proxy"
    "all_proxy"
    "no_proxy"
    "HTTP_PROXY"
    "HTTPS_PROXY"
    "FTP_PROXY"
    "ALL_PROXY"
    "NO_PROXY"
    "NIX_SSL_CERT_FILE"
  ];

  # hash / sha256 / ... -> outputHash and outputHashAlgo.
  normalizeHash =
    {
      hashTypes ? [ "sha256" ],
      required ? true,
    }:
    let
      names = namesOf hashTypes;
      hashNames = lib.genAttrs names (_: null);
    in
    args:
    let
      given = lib.attrsToList (intersectAttrs hashNames args);
      hash = builtins.head given;
      plain = removeAttrs args names;
    in
    if args ? outputHash then
      args
    else if given == [ ] then
      if required then throw "fetcher called without `hash`" else plain
    else if builtins.length given > 1 then
      throw "fetcher called with mutually-incompatible arguments: ${
        lib.concatMapStringsSep ", " (one: one.name) given
      }"
    else
      plain
      // {
        outputHashAlgo = if hash.name == "hash" then null else hash.name;
        outputHash =
          if hash.value == "" then
            fake.${hash.name} or (throw "no “fake hash” defined for ${hash.name}")
          else
            hash.value;
      };

  # A fetcher that takes `outputHash` becomes one that takes `hash` and the
  # names of the given types.
  withNormalizedHash =
    {
      hashTypes ? [ "sha256" ],
    }:
    fetcher:
    let
      declared = lib.functionArgs fetcher;
      normalize = normalizeHash {
        inherit hashTypes;
        required = !declared.outputHash;
      };
    in
    assert declared ? outputHash && declared ? outputHashAlgo;
    assert intersectAttrs declared (lib.genAttrs (namesOf hashTypes) (_: null)) == { };
    lib.setFunctionArgs (args: fetcher (normalize args)) (
      removeAttrs declared [
        "outputHash"
        "outputHashAlgo"
      ]
      // {
        hash = declared.outputHash;
      }
    );
}
