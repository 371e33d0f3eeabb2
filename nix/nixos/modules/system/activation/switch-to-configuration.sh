# Turns the running system into another one. Sourced by bin/switch-to-configuration of the new system
# (switchable-system.nix), which sets toplevel, busybox, installBootLoader, distroId, classify.
#
# What happens, its order, its messages and exit statuses are those of NixOS: 0 done, 1 refused, 2 the activation had
# errors, 3 systemd could not be told, 4 units failed, 100 only a restart of the container helps.

action=$1
export PATH=/run/current-system/sw/bin:/run/current-system/sw/sbin:$busybox/bin
state=/run/nixos
result=0

usage() {
  cat >&2 << EOF
Usage: $0 [check|switch|boot|test|dry-activate]

check:        run pre-switch checks and exit
switch:       make the configuration the boot default and activate now
boot:         make the configuration the boot default
test:         activate the configuration, but don't make it the boot default
dry-activate: show what would be done if this configuration were activated
EOF
  exit 1
}

refuse_elsewhere() {
  if [ ! -e /etc/NIXOS ] && ! grep -q "^ID=\"\?$distroId" /etc/os-release 2> /dev/null; then
    echo "This is not a NixOS installation!" >&2
    exit 1
  fi
}

pre_switch_checks() {
  if [ "${NIXOS_NO_CHECK:-}" = 1 ] || [ ! -x "$toplevel/pre-switch-checks" ]; then return; fi
  if ! "$toplevel/pre-switch-checks" "$toplevel" "$action" >&2; then
    echo "Pre-switch checks failed" >&2
    exit 1
  fi
}

# One switch at a time. A directory is made by one process only; one left behind by a killed switch is taken over.
take_lock() {
  mkdir -p "$state"
  for attempt in 1 2; do
    if mkdir "$state/switch.lock" 2> /dev/null; then
      echo $$ > "$state/switch.lock/pid"
      trap 'rm -rf "$state/switch.lock" "$work"' EXIT
      return
    fi
    if kill -0 "$(cat "$state/switch.lock/pid" 2> /dev/null)" 2> /dev/null; then break; fi
    rm -rf "$state/switch.lock"
  done
  echo "Could not acquire lock: another switch is running" >&2
  exit 1
}

refuse_other_init() {
  if [ "$(cat /run/current-system/init-interface-version 2> /dev/null)" != "$(cat "$toplevel/init-interface-version")" ]; then
    cat >&2 << EOF
Warning: the new NixOS configuration has an ‘init’ that is
incompatible with the current configuration.  The new configuration
won't take effect until you reboot the system.
EOF
    exit 100
  fi
}

list_units() { systemctl list-units --full --plain --no-legend; }

# Units with a process that uses files of packages which the new system does not have: a library that was updated, say.
find_outdated() {
  old=$(readlink -f /run/current-system)
  sort "$old/packages" 2> /dev/null > "$work/packages.old"
  sort "$toplevel/packages" 2> /dev/null > "$work/packages.new"
  awk 'NR == FNR { keep[$0] = 1; next } !($0 in keep)' "$work/packages.new" "$work/packages.old" > "$work/replaced"
  if [ ! -s "$work/replaced" ]; then : > "$work/outdated"; return; fi
  grep -l -F -f "$work/replaced" /proc/[0-9]*/maps 2> /dev/null | while read -r maps; do
    pid=${maps#/proc/}
    pid=${pid%/maps}
    if [ "$pid" = 1 ]; then echo yes > "$work/reexec"; continue; fi
    # The innermost unit of the cgroup path: /system.slice/nginx.service
    sed -n 's|^[0-9]*:[^:]*:.*/\([^/]*\.\(service\|socket\|mount\)\)\(/.*\)\?$|\1|p' "/proc/$pid/cgroup" 2> /dev/null | head -n 1
  done | sort -u | grep -v -x -e 'dbus.service' -e 'systemd-logind.service' -e 'user@.*' -e 'container-getty@.*' > "$work/outdated"
}

# Decides about all units that run, or about those of file $1.
judge() {
  awk -v old=/etc/systemd/system -v new="$toplevel/etc/systemd/system" \
    -v old_lib=/run/current-system/sw/lib/systemd/system -v new_lib="$toplevel/sw/lib/systemd/system" \
    -v outdated="$work/outdated" -v requested="${1:-}" -v out="$work" -f "$classify" "$work/active"
}

classify_units() {
  for list in stop start restart reload skip quiet; do : > "$work/$list"; done
  judge
  # What an interrupted switch still had to do.
  for list in start restart reload; do
    if [ -e "$state/$list-list" ]; then cat "$state/$list-list" >> "$work/$list"; fi
  done
  # A unit that is stopped and started, or restarted, need not be reloaded as well.
  without reload stop
  without reload restart
  without restart stop
}

# Takes out of list $1 what is in list $2.
without() {
  sort -u "$work/$1" > "$work/$1.sorted"
  if [ -s "$work/$2" ]; then grep -v -x -F -f "$work/$2" "$work/$1.sorted" > "$work/$1"; else cat "$work/$1.sorted" > "$work/$1"; fi
}

# The units of a list for people: "a.service, b.service"; without those of list "quiet".
names() {
  if [ -s "$work/quiet" ]; then sort -u "$work/$1" | grep -v -x -F -f "$work/quiet"; else sort -u "$work/$1"; fi \
    | awk '{ printf "%s%s", (NR > 1 ? ", " : ""), $0 }'
}
# "stopping the following units: ..." if there is anything to say.
tell() {
  text=$(names "$2")
  if [ -n "$text" ]; then echo "$1: $text" >&2; fi
}
# Runs systemctl VERB on a list: sockets first, because systemd makes none for a service that runs.
each() {
  if [ ! -s "$work/$2" ]; then return 0; fi
  sort -u "$work/$2" | awk '/\.socket$/ { print; next } { rest = rest $0 "\n" } END { printf "%s", rest }' | tr '\n' '\0' | xargs -0 systemctl "$1" --
}

systemd_changed() {
  [ -e "$work/reexec" ] || [ "$(readlink /proc/1/exe)" != "$(readlink -f "$toplevel/sw/lib/systemd/systemd")" ]
}

show_plan() {
  tell "would stop the following units" stop
  tell "would NOT stop the following changed units" skip
  echo "would activate the configuration..." >&2
  "$toplevel/dry-activate" >&2
  activation_requests dry-activation
  if systemd_changed; then echo "would restart systemd" >&2; fi
  tell "would reload the following units" reload
  tell "would restart the following units" restart
  tell "would start the following units" start
}

# Units that activation snippets want restarted or reloaded: they leave the names in /run/nixos.
activation_requests() {
  if [ -e "$state/$1-restart-list" ]; then
    sort -u "$state/$1-restart-list" > "$work/requested"
    judge "$work/requested"
  fi
  if [ -e "$state/$1-reload-list" ]; then
    while read -r unit; do
      if awk -v unit="$unit" '$1 == unit { found = 1 } END { exit !found }' "$work/active"; then echo "$unit" >> "$work/reload"; fi
    done < "$state/$1-reload-list"
  fi
  without restart stop
  without reload stop
  without reload restart
  # On file before the requests are forgotten.
  if [ "$1" = activation ]; then remember; fi
  rm -f "$state/$1-restart-list" "$state/$1-reload-list"
}

# A unit that should reload, but went down with one that was stopped, is started.
revive() {
  sort -u "$work/reload" > "$work/reload.all"
  : > "$work/reload"
  while read -r unit; do
    if systemctl --quiet is-active "$unit"; then
      echo "$unit" >> "$work/reload"
    elif [ "$(systemctl show --value --property=RefuseManualStart "$unit")" != yes ] \
      && ! systemctl cat "$unit" 2> /dev/null | grep -q -i '^X-OnlyManualStart *= *\(yes\|true\|1\|on\)'; then
      echo "$unit" >> "$work/start"
    fi
  done < "$work/reload.all"
  remember
}

# What is still to be done is on file, so that an interrupted switch can be repeated.
remember() { for list in start restart reload; do cp "$work/$list" "$state/$list-list"; done; }

carry_out() {
  log notice "switching to system configuration $toplevel"
  remember
  tell "stopping the following units" stop
  each stop stop
  tell "NOT restarting the following changed units" skip

  echo "activating the configuration..." >&2
  "$toplevel/activate" "$toplevel" >&2 || result=2
  activation_requests activation

  if systemd_changed; then
    echo "restarting systemd..." >&2
    systemctl daemon-reexec || result=2
  fi
  # Failures of the past are not this switch's.
  systemctl reset-failed
  systemctl daemon-reload || result=3
  reload_users

  # Brings directories of tmpfiles.d along, and what else belongs to the first steps of a boot.
  echo "restarting sysinit-reactivation.target" >&2
  systemctl restart sysinit-reactivation.target || result=4

  revive
  tell "reloading the following units" reload
  each reload reload || result=4
  rm -f "$state/reload-list"
  tell "restarting the following units" restart
  each restart restart || result=4
  rm -f "$state/restart-list"
  tell "starting the following units" start
  each start start || result=4
  rm -f "$state/start-list"
}

# Managers of users who are logged in have units in /etc/systemd/user; those are their own to restart.
reload_users() {
  for directory in /run/user/[0-9]*; do
    user=$(stat -c %U "$directory" 2> /dev/null)
    case $user in '' | UNKNOWN) continue ;; esac
    if [ ! -S "$directory/systemd/private" ]; then continue; fi
    echo "reloading user units for $user..." >&2
    as_user daemon-reload
    if [ -e /etc/systemd/user/nixos-activation.service ]; then as_user restart nixos-activation.service; fi
  done
}
as_user() {
  # By its path: the shell would take its own applet, which cannot do this.
  /run/current-system/sw/bin/setpriv --reuid="$(stat -c %u "$directory")" --regid="$(stat -c %g "$directory")" --clear-groups \
    env XDG_RUNTIME_DIR="$directory" systemctl --user "$@"
}

report() {
  list_units > "$work/active.new"
  awk 'NR == FNR { known[$1] = 1; next } $3 != "failed" && !($1 in known) && $1 !~ /\.(scope|device)$/ { print $1 }' \
    "$work/active" "$work/active.new" > "$work/started"
  # Waiting to be restarted after a failure is a failure as well.
  awk '$3 == "failed" || $4 == "auto-restart" { print $1, $4 }' "$work/active.new" | while read -r unit sub; do
    if [ "$sub" != auto-restart ] || [ "$(systemctl show --value --property=ExecMainStatus "$unit")" != 0 ]; then echo "$unit"; fi
  done > "$work/failed"

  # Ours at every switch.
  printf '%s\n' sysinit-reactivation.target systemd-tmpfiles-resetup.service > "$work/quiet"
  tell "the following new units were started" started
  : > "$work/quiet"
  if [ -s "$work/failed" ]; then
    tell "warning: the following units failed" failed
    while read -r unit; do
      echo >&2
      COLUMNS=1000 systemctl status --no-pager --full "$unit" >&2
    done < "$work/failed"
    result=4
  fi
  if [ $result = 0 ]; then
    log notice "finished switching to system configuration $toplevel"
  else
    log err "switching to system configuration $toplevel failed (status $result)"
  fi
}

log() { logger -t nixos -p "user.$1" "$2" 2> /dev/null; }

case $action in check | switch | boot | test | dry-activate) ;; *) usage ;; esac
# For activation snippets that care.
export NIXOS_ACTION="$action"
refuse_elsewhere
pre_switch_checks
if [ "$action" = check ]; then exit 0; fi
if [ "$action" = switch ] || [ "$action" = boot ]; then
  $installBootLoader "$toplevel" || exit 1
fi
if [ "$action" = boot ]; then exit 0; fi

refuse_other_init
take_lock
# Not in /tmp, which tmpfiles may clean meanwhile.
work=$(mktemp -d /run/nixos/switch.XXXXXX)
# systemd talks about itself on a terminal that may be one of the units'.
trap '' HUP PIPE
export SYSTEMD_LOG_LEVEL=err LC_ALL=C

find_outdated
list_units > "$work/active"
classify_units
if [ "$action" = dry-activate ]; then
  show_plan
  exit 0
fi
carry_out
report
exit $result
