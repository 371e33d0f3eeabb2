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

# busybox does not know this compression; archives that use it bring a zstd along.
unzstd() {
  for loader in "$busybox"/lib/ld-linux*; do :; done
  "$loader" --library-path "$busybox/lib" "$busybox/lib/zstd" -dc
}

# The member `$1.tar[.suffix]` of the .deb, decompressed, on stdout.
members=$(ar t "$src") || fail "the file is not a Debian package; is it damaged?"
member() {
  case "
$members
" in
    *"
$1.tar.xz
"*) ar p "$src" "$1.tar.xz" | xz -dc ;;
    *"
$1.tar.zst
"*) ar p "$src" "$1.tar.zst" | unzstd ;;
    *"
$1.tar.gz
"*) ar p "$src" "$1.tar.gz" | gzip -dc ;;
    *"
$1.tar.bz2
"*) ar p "$src" "$1.tar.bz2" | bzip2 -dc ;;
    *"
$1.tar.lzma
"*) ar p "$src" "$1.tar.lzma" | lzma -dc ;;
    *"
$1.tar
"*) ar p "$src" "$1.tar" ;;
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

# Starting a process costs more than most packages' content: hence few of them.
mkdir -p "$out/usr" "$out/etc" "$out/nix-support"
cd "$out"
# The list has names, owners and modes of all members: what the store cannot keep.
member data | tar -xvvof - >"$tmp/list" || fail "the file cannot be unpacked; is it damaged?"

apart=
for dir in bin sbin lib lib32 lib64 libo32 libx32; do
  if [ -L "$dir" ]; then
    rm "$dir"
  elif [ -d "$dir" ]; then
    if [ -e "usr/$dir" ]; then merge "$dir"; else apart="$apart $dir"; fi
  fi
done
[ -z "$apart" ] || mv $apart usr/

# Writes nix-support/set-id, and prints commands.
awk -f "$linksAwk" "$tmp/list" >"$tmp/commands"
[ ! -s "$tmp/commands" ] || . "$tmp/commands"

case "$members" in
  *control.tar*)
    # Not every package has a postinst; tar then says so, and awk reads nothing.
    member control 2>/dev/null | tar -xOf - ./postinst 2>/dev/null | awk -f "$alternativesAwk" || true
    ;;
esac

# A program that is only there by an alternative has its name at the top as well:
# `${pkgs.vim}/bin/vim`. In usr it has not; which package has it there, a
# system's choice of alternatives decides.
alternatives=
if [ -e nix-support/alternatives ]; then
  while read -r link _ path _; do
    case "$link" in
      /usr/bin/* | /bin/* | /usr/sbin/* | /sbin/*)
        [ ! -e ".$path" ] || alternatives="$alternatives ${link##*/}=..$path"
        ;;
      +) ;;
    esac
  done <nix-support/alternatives
fi

links=
for dir in lib lib32 lib64 libexec share include sbin; do
  [ ! -e "usr/$dir" ] || links="$links usr/$dir"
done
# `${pkgs.nginx}/bin/nginx` must work although the archive says /usr/sbin.
kinds=
for dir in usr/bin usr/sbin usr/games; do
  [ ! -d "$dir" ] || kinds="$kinds $dir"
done
case "$alternatives$kinds" in
  "") ;;
  " usr/bin") links="$links usr/bin" ;;
  " "*" "* | " "*=*)
    mkdir bin
    for dir in $kinds; do
      for program in "$dir"/*; do
        [ -e "bin/${program##*/}" ] || [ -L "bin/${program##*/}" ] || printf '../%s\0' "$program"
      done | xargs -0 -r sh -c 'ln -s "$@" bin/' link
    done
    for pair in $alternatives; do
      [ -e "bin/${pair%%=*}" ] || [ -L "bin/${pair%%=*}" ] || ln -s "${pair#*=}" "bin/${pair%%=*}"
    done
    ;;
  *) ln -s "${kinds# }" bin ;;
esac
[ -z "$links" ] || ln -s $links .
