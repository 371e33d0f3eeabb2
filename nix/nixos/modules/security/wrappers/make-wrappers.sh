# Makes the wrappers. Usage: make-wrappers.sh TABLE PLACE   (PLACE/bin becomes a link to a new directory of wrappers)
#
# Rows: name, program, owner, group, mode, special bits and capabilities ("-": none), separated by tabs. /run does not allow set-user-ID
# programs, so they lie on a small file system of their own. The new directory is complete before the link moves to it.

table=$1
place=$2
tab='	'
status=0
PATH=${0%/*}:$PATH:/run/current-system/sw/sbin:/run/current-system/sw/bin

mkdir -p "$place"
if ! mountpoint -q "$place"; then
  # Where mounting is not allowed, /run itself may be good enough; if not, the wrappers are there without their rights.
  mount -t tmpfs -o nodev,mode=755,size=50% tmpfs "$place" || echo "wrappers lie in $place itself" >&2
fi
new=$(mktemp -d "$place/wrappers.XXXXXXXXXX") || exit 1
chmod 0755 "$new"

# No rights until owner and mode are right; few processes, because this runs before anything else starts.
umask 0777
while IFS="$tab" read -r name program owner group mode special capabilities; do
  case $mode in [ugoa+=-]*) if [ "$special" != - ]; then mode=$mode,$special special=-; fi ;; esac
  # Rights only after the owner: chown takes set-user-ID away.
  cp -L "$program" "$new/$name" \
    && { [ "$owner:$group" = root:root ] || chown "$owner:$group" "$new/$name"; } \
    && { [ "$capabilities" = - ] || setcap "$capabilities" "$new/$name"; } \
    && chmod "$mode" "$new/$name" \
    && { [ "$special" = - ] || chmod "$special" "$new/$name"; } \
    || { echo "wrapper $name of $program could not be made" >&2; rm -f "$new/$name"; status=1; }
done < "$table"
umask 0022

old=$(readlink "$place/bin")
ln -s "$new" "$new.link" && mv -Tf "$new.link" "$place/bin" || exit 1
case $old in "$place"/wrappers.*) rm -rf "$old" ;; esac
exit $status
