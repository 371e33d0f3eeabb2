# Gives the rest of a build a root in which programs of the archive run: /usr,
# /bin, /lib and /lib64 lead into the joined tree $archiveUsr.
#
# Read by setup.sh. Three ways, the first possible one:
#   1. the build's own root is empty and writable: four links
#   2. a user and mount namespace of its own, with a new root
#   3. no view, but every program started by its own loader (archive-run.sh):
#      enough for programs that need their libraries only
# Never writes to a root that has a /usr: that may be the host's.
# $archiveView (links, namespace, loader) takes one of them away from the rest.

archiveLinks() {
  ln -s "$archiveUsr" "$1/usr"
  for directory in bin sbin lib lib64; do
    [ -e "$1/$directory" ] || [ -L "$1/$directory" ] || ln -s "usr/$directory" "$1/$directory"
  done
  [ -d "$1/etc" ] || mkdir "$1/etc"
  # What the packages expect in /etc, without touching what is there.
  for entry in "$archiveUsr"/etc/*; do
    [ -e "$1/etc/${entry##*/}" ] || ln -s "$entry" "$1/etc/${entry##*/}" 2>/dev/null || true
  done
}

may() {
  [ -z "${archiveView-}" ] || [ "$archiveView" = "$1" ]
}

if [ -n "${archiveViewDone-}" ]; then
  # In a namespace's new root, or in bash, which has the path already.
  [ -n "${BASH_VERSION-}" ] || PATH="/usr/bin:/usr/sbin:$PATH"
elif may links && [ ! -e /usr ] && [ ! -L /usr ] && [ "$NIX_BUILD_TOP" = /build ] && mkdir /usr 2>/dev/null; then
  rmdir /usr
  archiveLinks /
  PATH="/usr/bin:/usr/sbin:$PATH"
elif may namespace && { unshare -U -r -m true || unshare -m true; } 2>/dev/null; then
  archiveRoot="$NIX_BUILD_TOP/.root"
  mkdir "$archiveRoot"
  cat >"$NIX_BUILD_TOP/.view" <<'END'
set -e
mount -t tmpfs -o mode=755 root "$archiveRoot"
for part in nix dev proc tmp build ${NIX_BUILD_TOP#/}; do
  [ -d "/$part" ] || continue
  mkdir -p "$archiveRoot/$part"
  mount --rbind "/$part" "$archiveRoot/$part"
done
mkdir "$archiveRoot/etc"
cp /etc/passwd /etc/group /etc/hosts "$archiveRoot/etc/" 2>/dev/null || true
archiveLinks "$archiveRoot"
export archiveViewDone=1
exec chroot "$archiveRoot" sh -c 'cd "$1" && exec sh -e "$2"' view "$PWD" "$setupScript"
END
  # A function is not inherited; its text is.
  { type archiveLinks >/dev/null; sed -n '/^archiveLinks() {$/,/^}$/p' "$archiveViewScript"; cat "$NIX_BUILD_TOP/.view"; } >"$NIX_BUILD_TOP/.view.sh"
  export archiveRoot
  if unshare -U -r -m true 2>/dev/null; then
    exec unshare -U -r -m sh "$NIX_BUILD_TOP/.view.sh"
  fi
  exec unshare -m sh "$NIX_BUILD_TOP/.view.sh"
else
  mkdir "$NIX_BUILD_TOP/.programs"
  {
    echo "#!$busybox/bin/sh"
    echo "archiveUsr='$archiveUsr' programs='$NIX_BUILD_TOP/.programs' busybox='$busybox'"
    cat "$archiveRunScript"
  } >"$NIX_BUILD_TOP/.programs/.run"
  chmod +x "$NIX_BUILD_TOP/.programs/.run"
  for program in "$archiveUsr"/sbin/* "$archiveUsr"/bin/*; do
    ln -sfn .run "$NIX_BUILD_TOP/.programs/${program##*/}"
  done
  PATH="$NIX_BUILD_TOP/.programs:$PATH"
fi

# The tree may be without the locale that setup.sh chose; programs complain then.
[ -d "$archiveUsr/lib/locale/C.utf8" ] || LC_ALL=C
