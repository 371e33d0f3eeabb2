# lib.fetchers, lib.flakes, lib.kernel.
{ lib }:
let
  inherit (import ./rows) equal fails join throws;
  inherit (lib.fetchers) normalizeHash proxyImpureEnvVars withNormalizedHash;
  fetch = withNormalizedHash { hashTypes = [ "sha256" "sha512" ]; } (
    { url, outputHash, outputHashAlgo }: { inherit url outputHash outputHashAlgo; }
  );
  optional = withNormalizedHash { } ({ url ? "", outputHash ? null, outputHashAlgo ? null }: outputHash);
  sri = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
in
join [
  (equal "proxyImpureEnvVars" {
    "both cases of the proxies" = [ (lib.subtractLists proxyImpureEnvVars [ "http_proxy" "https_proxy" "ftp_proxy" "all_proxy" "no_proxy" "HTTP_PROXY" "HTTPS_PROXY" "FTP_PROXY" "ALL_PROXY" "NO_PROXY" ]) [ ] ];
    "the proxy's own CA" = [ (lib.elem "NIX_SSL_CERT_FILE" proxyImpureEnvVars) true ];
  })
  (equal "normalizeHash" {
    "hash" = [ (normalizeHash { } { hash = sri; x = 1; }) { outputHash = sri; outputHashAlgo = null; x = 1; } ];
    "sha256" = [ (normalizeHash { } { sha256 = "abc"; }) { outputHash = "abc"; outputHashAlgo = "sha256"; } ];
    "another type" = [ (normalizeHash { hashTypes = [ "sha512" ]; } { sha512 = "abc"; }) { outputHash = "abc"; outputHashAlgo = "sha512"; } ];
    "a type that is not asked for stays" = [ (normalizeHash { required = false; } { sha512 = "abc"; }) { sha512 = "abc"; } ];
    "normal already" = [ (normalizeHash { } { outputHash = "x"; hash = sri; }) { outputHash = "x"; hash = sri; } ];
    "none, if none is required" = [ (normalizeHash { required = false; } { x = 1; }) { x = 1; } ];
    "the empty hash becomes a fake one" = [ (normalizeHash { } { hash = ""; }).outputHash lib.fakeHash ];
    "the empty sha256 too" = [ (normalizeHash { } { sha256 = ""; }).outputHash lib.fakeSha256 ];
  })
  (fails "normalizeHash" {
    "none" = [ (normalizeHash { } { }) "fetcher called without `hash`" ];
    "two" = [ (normalizeHash { } { hash = sri; sha256 = "abc"; }) "fetcher called with mutually-incompatible arguments: hash, sha256" ];
    "an empty one of a type without fake" = [ (normalizeHash { hashTypes = [ "sha1" ]; } { sha1 = ""; }).outputHash "no “fake hash” defined for sha1" ];
  })
  (equal "withNormalizedHash" {
    "the fetcher gets the normal form" = [ (fetch { url = "u"; sha512 = "abc"; }) { url = "u"; outputHash = "abc"; outputHashAlgo = "sha512"; } ];
    "declares hash" = [ (lib.functionArgs fetch) { url = false; hash = false; } ];
    "an optional hash stays optional" = [ [ (optional { }) (lib.functionArgs optional) ] [ null { url = true; hash = true; } ] ];
  })
  (fails "withNormalizedHash" {
    "a required hash" = [ (fetch { url = "u"; }) "fetcher called without `hash`" ];
  })
  (throws "withNormalizedHash" {
    "a fetcher that takes hash itself" = withNormalizedHash { } ({ hash, outputHash, outputHashAlgo }: 1) { };
    "a fetcher without outputHash" = withNormalizedHash { } ({ url }: 1) { };
  })
  (equal "fake hashes" {
    "have the right lengths" = [ [ (lib.stringLength lib.fakeSha256) (lib.stringLength lib.fakeSha512) (lib.stringLength lib.fakeHash) ] [ 64 128 51 ] ];
  })
  (equal "kernel words" {
    "yes, no, module" = [ (map (w: w.tristate) [ lib.kernel.yes lib.kernel.no lib.kernel.module ]) [ "y" "n" "m" ] ];
    "they are required" = [ lib.kernel.yes.optional false ];
    "option makes them optional" = [ (lib.kernel.option lib.kernel.yes) { tristate = "y"; optional = true; } ];
    "freeform" = [ (lib.kernel.freeform "32") { freeform = "32"; optional = false; } ];
    "whenAtLeast" = [ ((lib.kernel.whenHelpers "5.10").whenAtLeast "5.4" 1).condition true ];
    "whenOlder" = [ ((lib.kernel.whenHelpers "5.10").whenOlder "5.4" 1).condition false ];
    "whenBetween includes the lower end only" = [ (map (v: ((lib.kernel.whenHelpers v).whenBetween "5.4" "5.10" 1).condition) [ "5.4" "5.9" "5.10" ]) [ true true false ] ];
  })
  (equal "flakes" {
    "callLocklessFlake" = [ (lib.flakes.callLocklessFlake { path = ./files/flake; inputs.dep = 4; }).sum 5 ];
    "it has its path" = [ (lib.flakes.callLocklessFlake { path = ./files/flake; inputs.dep = 4; }).outPath ./files/flake ];
    "parseFlakeRef, where Nix has it" = [ (!(builtins ? parseFlakeRef) || (lib.flakes.parseFlakeRef "github:a/b").repo == "b") true ];
  })
]
