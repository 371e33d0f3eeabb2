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
if [ "${NIXOS_ACTION:-}" = dry-activate ]; then dry=1; fi

if [ $dry = 0 ]; then
  mkdir -p "$root/etc" "$state" "$root/home" "$root/root"
  chmod 0755 "$state" "$root/home"
  chmod 0700 "$root/root"
  work=$root/etc/.accounts.work
else
  work=$(mktemp -d)
fi
rm -rf "$work"
mkdir -m 0700 -p "$work"
trap 'rm -rf "$work"' EXIT

# Passwords that are not hashes yet. Hashing costs milliseconds each: not for accounts that keep their password.
mutable=$(awk -F "$tab" '$1 == "mutable" { print $2; exit }' "$accounts")
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

# A file that may not exist yet, as an argument for awk.
maybe() { if [ -e "$1" ]; then echo "$1"; else echo /dev/null; fi; }

awk -v out="$work" -v dry=$dry -v OFS=: -f "$merge" \
  kind=accounts "$accounts" kind=packages "$(maybe "$packages")" kind=hashes "$work/hashes" \
  kind=uid-map "$(maybe "$state/uid-map")" kind=gid-map "$(maybe "$state/gid-map")" \
  kind=declarative-users "$(maybe "$state/declarative-users")" \
  kind=declarative-groups "$(maybe "$state/declarative-groups")" \
  kind=subuid-map "$(maybe "$state/auto-subuid-map")" \
  kind=group "$(maybe "$root/etc/group")" kind=passwd "$(maybe "$root/etc/passwd")" \
  kind=shadow "$(maybe "$root/etc/shadow")" || exit 1

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

while IFS="$tab" read -r home mode uid gid; do
  if [ ! -e "$root$home" ]; then mkdir -p "$root$home" || status=1; fi
  chown "$uid:$gid" "$root$home" && chmod "$mode" "$root$home" || status=1
done < "$work/homes"

exit $status
