# Makes one tree of links out of many packages, and applies alternatives.
#
# In:  $pathsPath: lines `usr PATH` (a package of the archive: its usr and etc
#      are taken) or `top PATH` (anything else: all of it is), best first
# Out: $out/{bin,sbin,lib,share,etc,…}, $out/nix-support/set-id
set -eu
set -o pipefail
export PATH="$busybox/bin"
tmp="${NIX_BUILD_TOP:-/tmp}"
mkdir "$out"

# A few processes for all packages, not a few for each.
: >"$tmp/usr"
: >"$tmp/top"
: >"$tmp/alternatives"
: >"$tmp/set-id"
while read -r shape path || [ -n "$shape" ]; do
  # A single file in the list has nothing to join.
  [ -d "$path" ] || continue
  case "$shape" in
    usr)
      printf '%s\0%s\0' "$path/usr" "$path/etc" >>"$tmp/usr"
      [ ! -e "$path/nix-support/alternatives" ] || printf '%s\0' "$path/nix-support/alternatives" >>"$tmp/alternatives"
      [ ! -e "$path/nix-support/set-id" ] || printf '%s\0' "$path/nix-support/set-id" >>"$tmp/set-id"
      ;;
    top)
      # -L below: a foreign tree's directories may be links to directories.
      printf '%s/\0' "$path" >>"$tmp/top"
      ;;
  esac
done <"$pathsPath"

{
  xargs -0 -r sh -c 'find "$@" -type d' find <"$tmp/usr"
  xargs -0 -r sh -c 'find -L "$@" -type d' find <"$tmp/top"
} >"$tmp/dirs"
{
  xargs -0 -r sh -c 'find "$@" ! -type d' find <"$tmp/usr"
  xargs -0 -r sh -c 'find -L "$@" ! -type d' find <"$tmp/top"
} >"$tmp/files"
# awk's FILENAME says whose line it is; xargs would start it more than once.
xargs -0 -r grep -H '' <"$tmp/alternatives" >"$tmp/registrations" || true

awk -v store="$NIX_STORE" -f "$envAwk" "$pathsPath" "$tmp/dirs" "$tmp/files" "$tmp/registrations" >"$tmp/links"
cd "$out"
. "$tmp/links"

if [ -s "$tmp/set-id" ]; then
  mkdir -p nix-support
  xargs -0 cat <"$tmp/set-id" >nix-support/set-id
fi
