# From an empty (or used) root directory to systemd. Sourced by `init` of a system (stage-2.nix), which sets
# systemConfig, busybox, postBootCommands, systemdExecutable, hostName.
#
# Until /run/current-system is there, only busybox and the store can be used. Whatever fails is said and then passed
# over: a system that is partly wrong can be entered and looked at, one that did not start cannot.

export PATH="$busybox/bin"
umask 0022

# One link of a usr-merged system. What else is at such a place is the user's and stays.
link() { if [ -L "$2" ] || [ ! -e "$2" ]; then ln -sfn "$1" "$2"; fi; }

# All of them as `stat` shows them: one process tells whether anything is to be done.
root_links="'/bin' -> 'usr/bin'
'/sbin' -> 'usr/sbin'
'/lib' -> 'usr/lib'
'/lib64' -> 'usr/lib64'
'/usr/bin' -> '/run/current-system/sw/bin'
'/usr/sbin' -> '/run/current-system/sw/sbin'
'/usr/lib' -> '/run/current-system/sw/lib'
'/usr/lib64' -> '/run/current-system/sw/lib64'
'/usr/libexec' -> '/run/current-system/sw/libexec'
'/usr/share' -> '/run/current-system/sw/share'
'/usr/include' -> '/run/current-system/sw/include'"

lay_out_root() {
  mkdir -p /usr/local /run /etc /var/lib /var/log /var/cache /var/tmp /home /root /tmp /srv /opt /mnt /media /proc /sys /dev
  chmod 0700 /root
  chmod 1777 /tmp /var/tmp

  if [ "$(stat -c %N /bin /sbin /lib /lib64 /usr/bin /usr/sbin /usr/lib /usr/lib64 /usr/libexec /usr/share /usr/include 2> /dev/null)" \
    = "$root_links" ]; then return; fi
  for part in bin sbin lib lib64 libexec share include; do
    link "/run/current-system/sw/$part" "/usr/$part"
  done
  for part in bin sbin lib lib64; do
    link "usr/$part" "/$part"
  done
}

# The links that make this the current system; the garbage collector and switch-to-configuration look at them.
register_system() {
  rm -f /run/current-system /run/booted-system
  ln -s "$systemConfig" /run/current-system
  ln -s "$systemConfig" /run/booted-system
}

# What a runtime usually provides, for those that do not. A container may lack the right to mount: then it is there.
provide_kernel_file_systems() {
  if [ ! -e /proc/self ]; then mount -t proc -o nosuid,nodev,noexec proc /proc; fi
  if [ ! -e /dev/null ]; then
    mount -t tmpfs -o nosuid,mode=755 tmpfs /dev
    mknod -m 666 /dev/null c 1 3
    mknod -m 666 /dev/zero c 1 5
    mknod -m 666 /dev/random c 1 8
    mknod -m 666 /dev/urandom c 1 9
  fi
  for pair in fd:/proc/self/fd stdin:/proc/self/fd/0 stdout:/proc/self/fd/1 stderr:/proc/self/fd/2; do
    if [ ! -e "/dev/${pair%%:*}" ] && [ ! -L "/dev/${pair%%:*}" ]; then ln -s "${pair#*:}" "/dev/${pair%%:*}"; fi
  done
}

# Before systemd looks: without a machine id it would think that this is a first boot, ask questions and enable every
# unit that a package brings. The container manager's id for this machine is used if it gave one.
write_machine_id() {
  id=
  if [ -s /etc/machine-id ]; then read -r id < /etc/machine-id; fi
  case $id in
    '' | uninitialized)
      id=$(echo "${container_uuid:-$(cat /proc/sys/kernel/random/uuid)}" | tr -d -)
      echo "$id" > /etc/machine-id
      chmod 0444 /etc/machine-id
      ;;
  esac
  # Nothing under /usr is to be compared with what was there at the last start.
  : > /etc/.updated
  : > /var/.updated
}

lay_out_root
provide_kernel_file_systems
register_system
write_machine_id
if [ -n "$hostName" ]; then hostname "$hostName" 2> /dev/null; fi

echo "booting system configuration $systemConfig"
"$systemConfig/activate" || echo "activation ended with errors; see above" >&2

if [ -n "$postBootCommands" ]; then "$postBootCommands"; fi

# systemd makes its own environment; what the shell exported is not for it.
export PATH=/run/wrappers/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin
unset id part pair root_links
# Unquoted: the option may carry arguments.
exec $systemdExecutable "$@"
