# Unpacks one .deb into the shape of a package: what `dpkg-deb -x` does, with
# /bin, /sbin and /lib* merged into usr, links that work from the Nix store,
# and links at the top (`bin`, `lib`, `share`, …) as Nix users expect them.
#
# Runs in busybox sh. No maintainer script is executed: the postinst is read
# as text, for its update-alternatives registrations only.
#
# In:  $src (the .deb), $busybox, $linksAwk, $alternativesAwk, $out
# Out: $out/usr, $out/etc, …; $out/nix-support/{alternatives,set-id}
# Not for: joining packages into one tree (see env.nix).
set -eu
set -o pipefail
export PATH="$busybox/bin"
umask 022
tmp="${NIX_BUILD_TOP:-/tmp}"

fail() {
  echo "$archivePackage: $1" >&2
  exit 1
}

# The archive member `$1.tar[.suffix]`, decompressed, on stdout.
member() {
  case "$(ar t "$src" | grep "^$1\.tar")" in
    "$1.tar.xz") ar p "$src" "$1.tar.xz" | xz -dc ;;
    "$1.tar.zst") ar p "$src" "$1.tar.zst" | zstd -dc ;;
    "$1.tar.gz") ar p "$src" "$1.tar.gz" | gzip -dc ;;
    "$1.tar.bz2") ar p "$src" "$1.tar.bz2" | bzip2 -dc ;;
    "$1.tar.lzma") ar p "$src" "$1.tar.lzma" | lzma -dc ;;
    "$1.tar") ar p "$src" "$1.tar" ;;
    *) fail "the file has no member $1.tar in a known compression" ;;
  esac
}

# What is real stays; a link that only points to the other place gives way.
merge() {
  for entry in "$1"/* "$1"/.[!.]*; do
    [ -e "$entry" ] || [ -L "$entry" ] || continue
    at="usr/$1/${entry##*/}"
    if [ -L "$entry" ] && [ -e "$at" ]; then
      continue
    elif [ -d "$entry" ] && [ ! -L "$entry" ] && [ -d "$at" ] && [ ! -L "$at" ]; then
      cp -a "$entry/." "$at/"
    else
      rm -rf "$at"
      mv "$entry" "$at"
    fi
  done
  rm -rf "$1"
}

mkdir "$out"
cd "$out"
# Names, owners and modes of all members: what the file system cannot keep.
member data | tar -xvvof - >"$tmp/list" || fail "the file cannot be unpacked; is it damaged?"
[ -s "$tmp/list" ] || fail "the file has no content; is it damaged?"

mkdir -p usr nix-support
for dir in bin sbin lib lib32 lib64 libo32 libx32; do
  if [ -L "$dir" ]; then
    rm "$dir"
  elif [ -d "$dir" ]; then
    if [ -e "usr/$dir" ]; then merge "$dir"; else mv "$dir" "usr/$dir"; fi
  fi
done

# Device nodes cannot be in the store, and packages of the archive ship none.
if grep -q '^[bcps]' "$tmp/list"; then
  find . ! -type d ! -type f ! -type l -delete
fi

awk -f "$linksAwk" "$tmp/list" >"$tmp/links"
[ ! -s "$tmp/links" ] || . "$tmp/links"

# Programs that the archive wants with set-user-ID or set-group-ID. The store
# keeps no such bits; who wants a wrapper finds owner and mode here.
awk '$1 ~ /^-.*[sS]/ { name = $6; sub(/^\.\/(usr\/)?/, "/usr/", name); split($2, o, "/"); print $1, o[1], o[2], name }' \
  "$tmp/list" >nix-support/set-id
[ -s nix-support/set-id ] || rm nix-support/set-id

if member control | tar -xOf - ./postinst >"$tmp/postinst" 2>/dev/null \
  && grep -q 'update-alternatives' "$tmp/postinst"; then
  awk -f "$alternativesAwk" "$tmp/postinst" >nix-support/alternatives
  [ -s nix-support/alternatives ] || rm nix-support/alternatives
fi

for dir in lib lib32 lib64 libexec share include; do
  if [ -e "usr/$dir" ] && [ ! -e "$dir" ]; then ln -s "usr/$dir" "$dir"; fi
done
# `${pkgs.nginx}/bin/nginx` must work although the archive says /usr/sbin.
kinds=
for dir in usr/bin usr/sbin usr/games; do
  [ ! -d "$dir" ] || kinds="$kinds $dir"
done
case "$kinds" in
  "") ;;
  " "*" "*)
    mkdir bin
    for dir in $kinds; do
      for program in "$dir"/*; do
        [ -e "bin/${program##*/}" ] || [ -L "bin/${program##*/}" ] || printf '../%s\0' "$program"
      done | xargs -0 -r sh -c 'ln -s "$@" bin/' link
    done
    ;;
  *) ln -s "${kinds# }" bin ;;
esac
[ ! -d usr/sbin ] || ln -s usr/sbin sbin
mkdir -p etc
