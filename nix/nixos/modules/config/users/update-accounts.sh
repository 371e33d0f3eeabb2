# Merges declared users and groups into /etc/{passwd,group,shadow}.
# Usage: update-accounts.sh ACCOUNTS PACKAGES MERGE ROOT   (ROOT is empty, or a directory in tests)
#
# ACCOUNTS are the rows of users-groups.nix, PACKAGES those of package-users.sh: weaker, and only for names that ACCOUNTS
# does not have. The rules are merge-accounts.awk's. Numbers that were given once are remembered in /var/lib/nixos, so
# that files keep their owner when an account goes and comes back. With NIXOS_ACTION=dry-activate nothing changes.
# Needs nothing but busybox.

accounts=$1
packages=$2
merge=$3
root=$4
state=$root/var/lib/nixos
tab='	'
status=0
dry=0
umask 0022
if [ "${NIXOS_ACTION:-}" = dry-activate ]; then dry=1; fi

if [ $dry = 0 ]; then
  if [ ! -d "$state" ] || [ ! -d "$root/etc" ]; then mkdir -p "$root/etc" "$state"; fi
  if [ ! -d "$root/home" ] || [ ! -d "$root/root" ]; then
    mkdir -p "$root/home" "$root/root"
    chmod 0755 "$root/home"
    chmod 0700 "$root/root"
  fi
fi

# Homes that accounts want, with their owners: put right at every activation.
update_homes() {
  while IFS="$tab" read -r home mode uid gid; do
    if [ ! -e "$root$home" ]; then mkdir -p "$root$home" || status=1; fi
    chown "$uid:$gid" "$root$home" && chmod "$mode" "$root$home" || status=1
  done < "$1"
}

# Most activations find everything as the last one left it. One process tells: the checksums of all that is read and
# written here. Password files may have changed without that.
checksums() {
  (cd "$root/" && md5sum "$accounts" "$packages" "$merge" "$0" etc/passwd etc/group etc/shadow etc/subuid etc/subgid \
    var/lib/nixos/uid-map var/lib/nixos/gid-map var/lib/nixos/declarative-users var/lib/nixos/declarative-groups) 2> /dev/null
}
has_password_files() {
  while IFS="$tab" read -r row _ kind _; do
    if [ "$row" = password ] && [ "$kind" = file ]; then return 0; fi
  done < "$accounts"
  return 1
}
if [ -e "$state/.accounts" ] && ! has_password_files && [ "$(checksums)" = "$(cat "$state/.accounts")" ]; then
  if [ $dry = 0 ]; then update_homes "$state/.homes"; fi
  exit $status
fi

work=$root/etc/.accounts.work
if [ $dry = 1 ]; then work=$(mktemp -d); fi
rm -rf "$work"
mkdir -m 0700 -p "$work"
trap 'rm -rf "$work"' EXIT

# Passwords that are not hashes yet. Hashing costs milliseconds each: not for accounts that keep their password.
read -r _ mutable < "$accounts"
grep "^password$tab" "$accounts" | while IFS="$tab" read -r _ name kind value; do
  known=0
  if grep -q "^$name:" "$root/etc/shadow" 2> /dev/null; then known=1; fi
  if [ $known = 1 ] && [ "$mutable" = 1 ]; then continue; fi
  case $kind in
    file)
      if [ -e "$root$value" ]; then
        read -r hash < "$root$value" || [ -n "$hash" ]
        echo "$name$tab$hash"
      else
        echo "warning: password file ‘$value’ does not exist" >&2
      fi
      ;;
    first-*) if [ $known = 1 ]; then continue; fi ;;
  esac
  case $kind in
    *hashed) echo "$name$tab$value" ;;
    *plain) echo "$name$tab$(printf '%s' "$value" | mkpasswd -m sha512 -P 0)" ;;
  esac
done > "$work/hashes"

# The files to merge, each behind the word for what it is; those that do not exist yet are left out.
known_as() { if [ -e "$2" ]; then arguments="$arguments kind=$1 $2"; fi; }
arguments=
known_as packages "$packages"
known_as uid-map "$state/uid-map"
known_as gid-map "$state/gid-map"
known_as declarative-users "$state/declarative-users"
known_as declarative-groups "$state/declarative-groups"
known_as subuid-map "$state/auto-subuid-map"
known_as group "$root/etc/group"
known_as passwd "$root/etc/passwd"
known_as shadow "$root/etc/shadow"
# Unquoted: paths of the store and of /etc have no blanks.
awk -v out="$work" -v dry=$dry -v OFS=: -f "$merge" kind=accounts "$accounts" kind=hashes "$work/hashes" $arguments || exit 1

if [ $dry = 1 ]; then exit 0; fi

# Puts a finished file in place by rename: readers see the old or the new one. Files that stay the same stay.
install() {
  if ! cmp -s "$work/$1" "$2"; then
    chmod "$3" "$work/$1" && chown "0:${4:-0}" "$work/$1" && mv -f "$work/$1" "$2" || status=1
  fi
}

sort -t: -k3,3n "$work/passwd.new" > "$work/passwd"
sort -t: -k3,3n "$work/group.new" > "$work/group"
install group "$root/etc/group" 0644
install passwd "$root/etc/passwd" 0644
install shadow "$root/etc/shadow" 0640 "$(awk -F: '$1 == "shadow" { print $3 }' "$root/etc/group")"
install subuid "$root/etc/subuid" 0644
install subgid "$root/etc/subgid" 0644
for file in uid-map gid-map declarative-users declarative-groups auto-subuid-map; do
  install $file "$state/$file" 0644
done

update_homes "$work/homes"
if [ $status = 0 ]; then
  cp "$work/homes" "$state/.homes"
  (umask 077 && checksums > "$state/.accounts")
fi
exit $status
