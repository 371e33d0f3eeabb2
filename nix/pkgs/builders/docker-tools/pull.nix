# pullImage: an image of a registry, pinned by its digest, as an archive that the other functions take as `fromImage`.
# A fixed-output derivation, so that its build may reach the network; the archive's skopeo does the work.
#
# Not for finding out a digest or a hash: `skopeo inspect`, and the build's own error message.
{
  lib,
  final,
  image,
  runCommand,
}:
{
  imageName,
  imageDigest,
  hash ? "",
  sha256 ? "",
  os ? "linux",
  arch ? image.defaultArchitecture,
  tlsVerify ? true,
  finalImageName ? imageName,
  finalImageTag ? "latest",
  name ? lib.replaceStrings [ "/" ":" ] [ "-" "-" ] "docker-image-${finalImageName}-${finalImageTag}.tar",
}:
assert lib.assertMsg (
  (hash == "") != (sha256 == "")
) "dockerTools.pullImage: ‘${imageName}’ needs its `hash', or `sha256', and not both; lib.fakeHash makes the build tell it";
runCommand name
  {
    nativeBuildInputs = [ final.skopeo ];
    outputHashMode = "flat";
    outputHashAlgo = if hash == "" then "sha256" else null;
    outputHash = if hash == "" then sha256 else hash;
    impureEnvVars = [
      "http_proxy"
      "https_proxy"
      "ftp_proxy"
      "all_proxy"
      "no_proxy"
    ];
    SSL_CERT_FILE = "${final.cacert}/etc/ssl/certs/ca-bundle.crt";
    source = "docker://${imageName}@${imageDigest}";
    reference = "${finalImageName}:${finalImageTag}";
    passthru = {
      inherit imageDigest;
      imageName = finalImageName;
      imageTag = finalImageTag;
    };
  }
  ''
    skopeo --insecure-policy --tmpdir="$TMPDIR" --override-os ${lib.escapeShellArg os} --override-arch ${lib.escapeShellArg arch} \
      copy --src-tls-verify=${lib.boolToString tlsVerify} "$source" "docker-archive:$out:$reference"
  ''
