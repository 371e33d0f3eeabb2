# Fetchers by Nix's own means, for the few things that a configuration fetches
# itself: fetchurl, fetchzip, fetchTarball, fetchgit and the forges.
#
# Not for the archive's packages, which are in the store before a build starts.
{ lib, system }:
let
  checkHash =
    name: args:
    let
      hash = args.hash or (args.sha256 or "");
    in
    if hash == "" then throw "${name}: a `hash' or `sha256' is needed" else hash;

  # The builder is inside Nix itself, so that it needs no program.
  fetchurl =
    {
      url ? lib.head (args.urls or (throw "fetchurl: `url' is missing")),
      name ? baseNameOf url,
      executable ? false,
      unpack ? false,
      ...
    }@args:
    let
      hash = checkHash "fetchurl" args;
      isSri = builtins.match "sha(1|256|512)-.*" hash != null;
    in
    derivation {
      inherit name system url executable unpack;
      urls = [ url ];
      builder = "builtin:fetchurl";
      outputHash = hash;
      outputHashAlgo = if isSri then null else "sha256";
      outputHashMode = if executable || unpack then "recursive" else "flat";
      preferLocalBuild = true;
      impureEnvVars = [
        "http_proxy"
        "https_proxy"
        "ftp_proxy"
        "all_proxy"
        "no_proxy"
      ];
    };

  fetchTree =
    name: url: args:
    builtins.path {
      name = args.name or "source";
      path = builtins.fetchTarball {
        inherit url;
        sha256 = checkHash name args;
      };
    };
in
{
  inherit fetchurl;

  fetchzip = { url ? lib.head args.urls, ... }@args: fetchTree "fetchzip" url args;
  fetchTarball = args: builtins.fetchTarball args;
  fetchgit =
    { url, rev, ... }@args:
    builtins.fetchGit {
      inherit url rev;
      submodules = args.fetchSubmodules or false;
      name = args.name or "source";
    };

  fetchFromGitHub =
    {
      owner,
      repo,
      rev ? args.tag or (throw "fetchFromGitHub: `rev' or `tag' is missing"),
      ...
    }@args:
    fetchTree "fetchFromGitHub" "https://github.com/${owner}/${repo}/archive/${rev}.tar.gz" args;

  fetchFromGitLab =
    {
      owner,
      repo,
      rev ? args.tag or (throw "fetchFromGitLab: `rev' or `tag' is missing"),
      domain ? "gitlab.com",
      ...
    }@args:
    fetchTree "fetchFromGitLab" "https://${domain}/${owner}/${repo}/-/archive/${rev}/${repo}-${rev}.tar.gz" args;
}
