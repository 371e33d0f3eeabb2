#!/bin/sh
# Says which version of the system runs: release and code name, its revision, or all of it as JSON.
system=/run/current-system
version=$(cat $system/nixos-version)
revision=
if [ -e $system/configuration-revision ]; then revision=$(cat $system/configuration-revision); fi

case ${1:-} in
  --hash | --revision | --configuration-revision)
    if [ -z "$revision" ]; then
      echo "$0: configuration revision is unknown" >&2
      exit 1
    fi
    echo "$revision"
    ;;
  --json)
    if [ -n "$revision" ]; then
      printf '{"configurationRevision":"%s","nixosVersion":"%s"}\n' "$revision" "$version"
    else
      printf '{"nixosVersion":"%s"}\n' "$version"
    fi
    ;;
  '')
    . /etc/os-release
    echo "$version (${VERSION#*\(}" | tr -d '\n'
    echo
    ;;
  *)
    echo "Usage: $0 [--hash | --revision | --configuration-revision | --json]" >&2
    exit 1
    ;;
esac
