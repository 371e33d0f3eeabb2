# Builds the static tree $out/etc and $out/etc-manifest, which setup-etc.sh works from.
#
# Environment: table (tablePath), packagesEtc, skip, overlay, out. The texts are in place already.
# Rows of the table: kind, target, source ("-": the text is in place), mode, user, group, separated by tabs.
# Manifest: "link PATH", "direct PATH TARGET", "copy PATH MODE USER GROUP", separated by tabs, sorted.

set -e
tab='	'
while IFS="$tab" read -r kind target source mode user group; do
  [ "$kind" != off ] || continue
  destination=$out/etc/$target
  if [ "$source" != - ]; then
    mkdir -p "${destination%/*}"
    case $kind in
      copy) cp -L "$source" "$destination" ;;
      *) ln -s "$source" "$destination" ;;
    esac
  fi
  case $kind in
    copy) echo "copy$tab$target$tab$mode$tab$user$tab$group" ;;
    direct) echo "direct$tab$target$tab$source" ;;
    link) echo "link$tab$target" ;;
  esac
done < "$tablePath" > manifest

# Packages' files lie below: only where nothing declared is in the way. Whole directories of one package are links in
# the system's path; here they are taken apart, so that /etc/<name>/ can hold other files as well.
if [ -d "$packagesEtc" ]; then
  (cd "$packagesEtc" && find -L . \( -type f -o -type l \)) | sort > package-files
  awk -v table="$tablePath" -v skip="$skip" -v from="$packagesEtc" -v out="$out/etc" \
    -v manifest=manifest.packages -f "$overlay" package-files > links
  sh -e links
  if [ -e manifest.packages ]; then cat manifest.packages >> manifest; fi
fi

# What `ldconfig` would do after an installation: the cache of libraries, which programs also ask for their names
# (ldconfig -p). ldconfig is linked statically, so it runs here; where it does not, the linker searches the directories.
ldconfig=${packagesEtc%/etc}/sbin/ldconfig
if [ -x "$ldconfig" ] && [ ! -e "$out/etc/ld.so.cache" ]; then
  sw=${packagesEtc%/etc}
  set -- "$sw"/lib/*-linux-* "$sw/lib"
  for listed in $(cat "$sw"/etc/ld.so.conf.d/*.conf 2> /dev/null | grep '^/'); do
    # /usr/lib/x is the system's lib/x; /usr/local is the guest's own.
    directory=$sw/${listed#/usr/}
    if [ -d "$directory" ]; then set -- "$@" "$directory"; fi
  done
  if "$ldconfig" -X -f /dev/null -C "$out/etc/ld.so.cache" "$@" 2> /dev/null; then
    echo "link${tab}ld.so.cache" >> manifest
  else
    rm -f "$out/etc/ld.so.cache"
  fi
fi

sort manifest > "$out/etc-manifest"
