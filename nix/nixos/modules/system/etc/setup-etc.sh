# Makes /etc agree with a system's static tree. Usage: setup-etc.sh SYSTEM ETC  (ETC is /etc, or another place in tests)
#
# Links of the tree are made as ETC/x -> /etc/static/x, so that a switch changes all of them in one rename of
# ETC/static. Links into the tree that it no longer has are removed, copies made by an earlier run likewise; everything
# else in ETC belongs to the user. Needs nothing but busybox. Status 1 if some file could not be put in place.

system=$1
etc=$2
tab='	'
status=0
new=$(readlink -f "$system/etc")
manifest=${new%/etc}/etc-manifest
work=$etc/.static.work

# The container's manager keeps a file with this system's own names and those of other containers.
hosts=/run/nixos-container/hosts
[ "$etc" = /etc ] && [ -e "$hosts" ] || hosts=/etc/static/hosts

mkdir -p "$etc"
rm -rf "$work"
mkdir -m 0700 "$work"

# "old" lists every link in ETC with its target; what is already right needs no touching.
find "$etc" -xdev -type l ! -path "$work/*" -exec stat -c '%N' {} + > "$work/old" 2> /dev/null

ln -s "$new" "$work/static"
mv -Tf "$work/static" "$etc/static" || status=1

# Prints commands in four files: what to remove, which directories to make, which links, which copies.
awk -v etc="$etc" -v work="$work" -v hosts="$hosts" -v tab="$tab" '
  function quote(text) { gsub(/\047/, "\047\\\047\047", text); return "\047" text "\047" }
  function place(path, target,    directory) {
    if ((path in have) && have[path] == target) return
    # A link elsewhere under the same name, or a file: replaced by rename, never missing for a moment.
    directory = path
    if (!sub(/\/[^\/]*$/, "", directory)) directory = ""
    if (path in have) { print "replace " quote(target) " " quote(etc "/" path) > (work "/links"); return }
    if (!(directory in bundle)) order[++count] = directory
    name = path; sub(/.*\//, "", name); last = target; sub(/.*\//, "", last)
    if (name == last) bundle[directory] = bundle[directory] " " quote(target)
    else single[directory] = single[directory] "replace " quote(target) " " quote(etc "/" path) "\n"
  }
  BEGIN { printf "" > (work "/remove"); printf "" > (work "/links"); printf "" > (work "/copies") }

  # Links that are there now: \047PATH\047 -> \047TARGET\047.
  FILENAME ~ /\/old$/ {
    middle = index($0, "\047 -> \047")
    path = substr($0, length(etc) + 3, middle - length(etc) - 3)
    have[path] = substr($0, middle + 6, length($0) - middle - 6)
    next
  }
  # What is mounted into ETC (proc_pid_mountinfo(5)): a bind mount, or a file that an OCI runtime keeps. It wins, and
  # cannot be replaced. A directory that is mounted there is filled as any other: its files are kept elsewhere, no more.
  FILENAME ~ /\/mountinfo$/ {
    gsub(/\\040/, " ", $5)
    if (index($5, etc "/") == 1) mounted[substr($5, length(etc) + 2)] = 1
    next
  }
  # Copies that the last run made.
  FILENAME ~ /\/\.clean$/ { copied[$0] = 1; next }

  { split($0, field, tab); path = field[2] }
  path in mounted { keep[path] = 1; next }
  field[1] == "link" { wanted[path] = path == "hosts" ? hosts : "/etc/static/" path }
  field[1] == "direct" { wanted[path] = field[3] }
  field[1] == "copy" {
    keep[path] = 1
    directory = path
    if (sub(/\/[^\/]*$/, "", directory)) { if (!(directory in bundle)) { order[++count] = directory; bundle[directory] = "" } }
    print "copy " quote(path) " " quote(field[3]) " " quote(field[4]) " " quote(field[5]) > (work "/copies")
  }

  END {
    for (path in have) {
      if (path != "static" && index(have[path], "/etc/static/") == 1 && !(path in wanted))
        print "remove " quote(etc "/" path) > (work "/remove")
    }
    for (path in copied) {
      if (!(path in keep) && !(path in wanted)) print "obsolete " quote(etc "/" path) > (work "/remove")
    }
    for (path in wanted) place(path, wanted[path])
    if (count > 0) {
      printf "directories" > (work "/directories")
      for (i = 1; i <= count; i++) printf " %s", quote(etc "/" order[i]) > (work "/directories")
      print "" > (work "/directories")
    }
    for (i = 1; i <= count; i++) {
      if (bundle[order[i]] != "") print "link" bundle[order[i]] " " quote(etc "/" order[i] "/") > (work "/links")
      printf "%s", single[order[i]] > (work "/links")
    }
  }
' "$work/old" $(test ! -e /proc/self/mountinfo || echo /proc/self/mountinfo) $(test ! -e "$etc/.clean" || echo "$etc/.clean") "$manifest" || status=1

remove() { rm -f "$1"; }

obsolete() {
  echo "removing obsolete file ‘$1’..." >&2
  rm -f "$1"
}

directories() { mkdir -p "$@" || status=1; }

# Links in one directory (the last argument, with a slash at its end), several at once.
link() {
  for place; do :; done
  for target; do
    if [ -d "$place${target##*/}" ] && [ ! -L "$place${target##*/}" ] && [ "$target" != "$place" ]; then
      rmdir "$place${target##*/}" || echo "$place${target##*/} directory contains user files. Symlinking may fail." >&2
    fi
  done
  ln -sfn "$@" || status=1
}

# One link, by rename. A directory in its place is only taken away if nothing is in it.
replace() {
  if [ -d "$2" ] && [ ! -L "$2" ] && ! rmdir "$2" 2> /dev/null; then
    echo "$2 directory contains user files. Symlinking may fail." >&2
  fi
  ln -s "$1" "$work/link" && mv -Tf "$work/link" "$2" || { rm -f "$work/link"; status=1; }
}

copy() {
  owner=${3#+}:${4#+}
  if [ -f "$etc/$1" ] && [ ! -L "$etc/$1" ] && cmp -s "$new/$1" "$etc/$1"; then
    chown "$owner" "$etc/$1" && chmod "$2" "$etc/$1" || status=1
  else
    # Only the owner can read it until owner and mode are right.
    (umask 077 && cp -L "$new/$1" "$work/copy") && chown "$owner" "$work/copy" && chmod "$2" "$work/copy" \
      && mv -Tf "$work/copy" "$etc/$1" || status=1
  fi
  echo "$1" >> "$work/clean"
}

. "$work/remove"
test ! -e "$work/directories" || . "$work/directories"
. "$work/links"
. "$work/copies"

if [ -e "$work/clean" ]; then
  mv -f "$work/clean" "$etc/.clean"
else
  rm -f "$etc/.clean"
fi
rm -rf "$work"

# Marks a NixOS-like system for tools that look for it.
test -e "$etc/NIXOS" || : > "$etc/NIXOS"
exit $status
