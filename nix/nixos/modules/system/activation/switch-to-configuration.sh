#!@busybox@/bin/sh
# Brings the running system to the configuration this script belongs to, with NixOS's rules for units.
#
# It runs inside the guest and needs only the static busybox and the guest's systemctl. What it decides is printed in
# upstream's words. Exit status: 0, 1 when it cannot go on, 4 when the switch is done but some units failed.
set -u

busybox=@busybox@/bin/busybox
new=@out@
old=/run/current-system
PATH=@busybox@/bin:/run/current-system/sw/bin:/usr/bin
export PATH

work=$(mktemp -d /run/switch-to-configuration.XXXXXX) || exit 1
trap 'rm -rf "$work"' EXIT

# --- lists: one unit a line, in files under $work --------------------------------------------------------------------

for list in stop start restart reload skip; do : > "$work/$list"; done

add() { grep -qxF -e "$2" "$work/$1" || printf '%s\n' "$2" >> "$work/$1"; }
has() { grep -qxF -e "$2" "$work/$1"; }
# Removes from list $1 every unit of list $2.
subtract() { grep -vxFf "$work/$2" "$work/$1" > "$work/rest"; mv "$work/rest" "$work/$1"; }
one_line() { sort "$work/$1" | tr '\n' ' ' | sed 's/ $//; s/ /, /g'; }
announce() { [ ! -s "$work/$1" ] || echo "$2: $(one_line "$1")" >&2; }
systemctl_on() { list=$1; shift; [ ! -s "$work/$list" ] || tr '\n' '\0' < "$work/$list" | xargs -0 systemctl "$@" --; }

# --- units ------------------------------------------------------------------------------------------------------------

# The file behind unit $2 in system $1; an instance falls back on its template. Nothing when there is none.
unit_file() {
  directory=$1/etc/systemd/system
  template=$(printf '%s' "$2" | sed -n 's/^\(.*@\).*\(\.[a-z]*\)$/\1\2/p')
  for name in "$2" $template; do
    if [ -e "$directory/$name" ]; then echo "$directory/$name"; return; fi
  done
}

# Everything that system $1 says about unit $2: its file and its drop-ins, comments and install hints left out.
unit_text() {
  file=$(unit_file "$1" "$2")
  [ -n "$file" ] || return 0
  for part in "$file" "$file".d/*.conf "$1/etc/systemd/system/$2".d/*.conf; do
    [ ! -f "$part" ] || cat "$part"
  done | awk '/^\[/ { install = ($0 == "[Install]") } !install && !/^[ \t]*([#;]|$)/'
}

# The last value of setting $2 in the unit text on file $1, or $3.
setting() {
  value=$(sed -n "s/^$2=//p" "$1" | tail -n 1)
  printf '%s' "${value:-$3}"
}
is_yes() { case $1 in yes | true | 1 | on) return 0 ;; *) return 1 ;; esac; }

without_reload_triggers() { grep -v '^X-Reload-Triggers=' "$1"; }

active_units() {
  systemctl list-units --all --plain --no-legend --full --state=active,activating,reloading,refreshing | awk '{ print $1 }'
}

# Decides about unit $1, which runs and whose text changed from $work/old to $work/new.
changed_unit() {
  unit=$1
  case $unit in
    sysinit.target | basic.target | multi-user.target | graphical.target | *.slice | *.path) return ;;
    *.mount | *.automount) add reload "$unit"; return ;;
    *.target)
      is_yes "$(setting "$work/new" RefuseManualStart no)" || is_yes "$(setting "$work/new" X-OnlyManualStart no)" || add start "$unit"
      return ;;
  esac
  if [ "$(without_reload_triggers "$work/old")" = "$(without_reload_triggers "$work/new")" ] || is_yes "$(setting "$work/new" X-ReloadIfChanged no)"; then
    add reload "$unit"
  elif ! is_yes "$(setting "$work/new" X-RestartIfChanged yes)" || is_yes "$(setting "$work/new" RefuseManualStop no)" ||
    is_yes "$(setting "$work/new" X-OnlyManualStart no)"; then
    add skip "$unit"
  elif ! is_yes "$(setting "$work/new" X-StopIfChanged yes)"; then
    add restart "$unit"
  else
    stop_and_start "$unit"
  fi
}

# A service behind sockets is not started itself: its sockets are, and it follows when it is needed.
stop_and_start() {
  unit=$1
  add stop "$unit"
  sockets=
  case $unit in *.service)
    sockets=$(setting "$work/new" Sockets "${unit%.service}.socket")
    is_yes "$(setting "$work/new" X-NotSocketActivated no)" && sockets= ;;
  esac
  activated=no
  for socket in $sockets; do
    if [ -n "$(unit_file "$new" "$socket")" ] && systemctl is-active --quiet "$socket"; then
      add stop "$socket"
      add start "$socket"
      activated=yes
    fi
  done
  [ $activated = yes ] || add start "$unit"
}

decide() {
  active_units > "$work/active"
  while read -r unit; do
    [ -n "$(unit_file "$old" "$unit")" ] || continue
    unit_text "$old" "$unit" > "$work/old"
    if [ -z "$(unit_file "$new" "$unit")" ] || [ "$(readlink -f "$(unit_file "$new" "$unit")")" = /dev/null ]; then
      is_yes "$(setting "$work/old" X-StopOnRemoval yes)" && add stop "$unit"
      continue
    fi
    unit_text "$new" "$unit" > "$work/new"
    cmp -s "$work/old" "$work/new" || changed_unit "$unit"
  done < "$work/active"
  # Starting the targets that are active starts what they want and did not want before.
  while read -r unit; do
    case $unit in
      sysinit.target | basic.target) continue ;;
      *.target) ;;
      *) continue ;;
    esac
    [ -n "$(unit_file "$new" "$unit")" ] || [ -e "$new/sw/lib/systemd/system/$unit" ] || continue
    unit_text "$new" "$unit" > "$work/new"
    is_yes "$(setting "$work/new" RefuseManualStart no)" || is_yes "$(setting "$work/new" X-OnlyManualStart no)" || add start "$unit"
    is_yes "$(setting "$work/new" X-StopOnReconfiguration no)" && add stop "$unit"
  done < "$work/active"
  subtract reload restart
  subtract reload stop
  subtract restart stop
}

# --- what is done -----------------------------------------------------------------------------------------------------

tell() {
  announce stop "${1}stop the following units"
  announce skip "NOT restarting the following changed units"
  announce reload "${1}reload the following units"
  announce restart "${1}restart the following units"
  grep -v '\.target$' "$work/start" > "$work/told" || :
  announce told "${1}start the following units"
}

activate() {
  "$new/activate" "$new" || { echo "warning: error(s) occurred while switching to the new configuration" >&2; return 1; }
}


switch() {
  status=0
  # Before the link is flipped: afterwards both names mean the new system.
  was_systemd=$(readlink -f "$old/sw/lib/systemd/systemd")
  announce stop "stopping the following units"
  systemctl_on stop stop
  announce skip "NOT restarting the following changed units"
  echo "activating the configuration..." >&2
  activate || status=2
  if [ "$was_systemd" != "$(readlink -f "$new/sw/lib/systemd/systemd")" ]; then
    echo "restarting systemd..." >&2
    systemctl daemon-reexec || status=2
  fi
  systemctl reset-failed
  systemctl daemon-reload || status=3
  systemd-tmpfiles --create --remove --exclude-prefix=/dev 2>/dev/null || :
  announce reload "reloading the following units"
  systemctl_on reload reload || status=4
  announce restart "restarting the following units"
  systemctl_on restart restart || status=4
  grep -v '\.target$' "$work/start" > "$work/told" || :
  announce told "starting the following units"
  systemctl_on start start || status=4
  report_new_units
  report_failed_units || status=4
  return $status
}

report_new_units() {
  active_units | grep -vxFf "$work/active" | grep -vxFf "$work/start" | grep -v '\.\(scope\|device\|slice\)$' > "$work/started" || :
  announce started "the following new units were started"
}

report_failed_units() {
  systemctl list-units --plain --no-legend --full --state=failed | awk '{ print $1 }' > "$work/failed"
  [ -s "$work/failed" ] || return 0
  announce failed "warning: the following units failed"
  while read -r unit; do systemctl status --no-pager --full "$unit" >&2 || :; done < "$work/failed"
  return 1
}

usage() {
  echo "usage: $0 switch|boot|test|dry-activate|check
switch, test:  bring the running system to this configuration
boot:          nothing to do in a container: the host chooses what starts next time
dry-activate:  say what would be done
check:         check whether this configuration can be switched to" >&2
  exit 1
}

case ${1-} in
  switch | test) ;;
  boot | check) exit 0 ;;
  dry-activate)
    decide
    tell "would "
    exit 0 ;;
  *) usage ;;
esac

[ -d /run/systemd/system ] || { echo "systemd does not run here: nothing to switch" >&2; exit 1; }
decide
switch
