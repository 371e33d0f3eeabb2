# Small things that images are made of: names that programs expect in every root.
#
# Not for images.
{
  lib,
  final,
  runCommand,
  writeTextDir,
  symlinkJoin,
}:
let
  # Links alone: nothing that they name is run.
  links = name: runCommand name { archiveTools = false; };
in
{
  usrBinEnv = links "usr-bin-env" ''
    mkdir -p $out/usr/bin
    ln -s ${final.coreutils}/bin/env $out/usr/bin
  '';

  binSh = links "bin-sh" ''
    mkdir -p $out/bin
    ln -s ${final.bash}/bin/bash $out/bin/sh
  '';

  caCertificates = links "ca-certificates" ''
    mkdir -p $out/etc/ssl/certs $out/etc/pki/tls/certs
    for place in ssl/certs/ca-bundle.crt ssl/certs/ca-certificates.crt pki/tls/certs/ca-bundle.crt; do
      ln -s ${final.cacert}/etc/ssl/certs/ca-bundle.crt $out/etc/$place
    done
  '';

  fakeNss = lib.makeOverridable (
    {
      extraPasswdLines ? [ ],
      extraGroupLines ? [ ],
    }:
    symlinkJoin {
      name = "fake-nss";
      paths = [
        (writeTextDir "etc/passwd" ''
          root:x:0:0:root user:/var/empty:/bin/sh
          ${lib.concatStrings (map (line: line + "\n") extraPasswdLines)}nobody:x:65534:65534:nobody:/var/empty:/bin/sh
        '')
        (writeTextDir "etc/group" ''
          root:x:0:
          ${lib.concatStrings (map (line: line + "\n") extraGroupLines)}nobody:x:65534:
        '')
        (writeTextDir "etc/nsswitch.conf" ''
          hosts: files dns
        '')
        (links "var-empty" "mkdir -p $out/var/empty")
      ];
    }
  ) { };

  # For extraCommands and fakeRootCommands: files that useradd(8) and its relatives want to find, in the root that is
  # being made. In nixpkgs this text is of use only with runAsRoot, and names the same files absolutely.
  shadowSetup = ''
    mkdir -p etc/pam.d
    [ -e etc/passwd ] || echo 'root:x:0:0::/root:/bin/sh' >etc/passwd
    [ -e etc/shadow ] || echo 'root:!x:::::::' >etc/shadow
    [ -e etc/group ] || echo 'root:x:0:' >etc/group
    [ -e etc/gshadow ] || echo 'root:x::' >etc/gshadow
    [ -e etc/login.defs ] || : >etc/login.defs
    if [ ! -e etc/pam.d/other ]; then
      printf '%s\n' 'account sufficient pam_unix.so' 'auth sufficient pam_rootok.so' \
        'password requisite pam_unix.so nullok yescrypt' 'session required pam_unix.so' >etc/pam.d/other
    fi
  '';
}
