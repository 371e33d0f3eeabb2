# Decides what a switch does to each running unit. Input: `systemctl list-units --plain --no-legend --full`.
#
# Variables: old and new, the etc/systemd/system of both systems; old_lib and new_lib, where units of packages are in each;
# outdated, a file of units whose processes still use packages that the new system replaces; out, a directory. There one
# file per decision is written, a unit per line: stop, start, restart, reload, skip, and quiet (started, but not worth
# mentioning).
#
# With `requested`, a file of units that activation snippets want restarted, only those are judged: as changed units, with a
# restart in one step, because the time for stopping them before the activation is over.
#
# The rules, and the X-... settings that steer them, are those of NixOS's switch-to-configuration.

function truth(value) { return value == "yes" || value == "true" || value == "1" || value == "on" }

# The settings of one file, as set["section key"] = values, one per line. Returns the number of lines, or -1.
function read_unit(path, set,    line, section, key, count, at) {
  count = 0
  while ((at = (getline line < path)) > 0) {
    count++
    sub(/^[ \t]+/, "", line)
    if (line == "" || line ~ /^[#;]/) continue
    if (line ~ /^\[/) { section = line; continue }
    at = index(line, "=")
    if (at == 0) continue
    key = section " " substr(line, 1, at - 1)
    set[key] = set[key] substr(line, at + 1) "\n"
  }
  if (at < 0 && count == 0) return -1
  close(path)
  return count
}

# The drop-ins below one directory, as list[directory, unit] = number, and list[directory, unit, 1...] = path.
function find_drop_ins(directory,    command, path, name) {
  command = "ls -d '" directory "'/*.d/*.conf 2> /dev/null"
  while ((command | getline path) > 0) {
    name = substr(path, length(directory) + 2)
    sub(/\.d\/[^\/]*$/, "", name)
    drop_in[directory, name, ++drop_ins[directory, name]] = path
  }
  close(command)
}
# Reads the drop-ins of a unit, and of its template; returns how many there are.
function read_drop_ins(directory, name, template, set,    i, count) {
  for (i = 1; i <= drop_ins[directory, name]; i++) { read_unit(drop_in[directory, name, i], set); count++ }
  if (template != name) count += read_drop_ins(directory, template, template, set)
  return count + 0
}

# A unit as systemd would see it: its file, or its template's, and all drop-ins.
# Returns "gone", "masked", "package" (nothing in etc) or "own".
function load_unit(etc, lib, name, set,    template, lines, from) {
  delete set
  template = name
  sub(/@.*\./, "@.", template)
  from = "own"
  lines = read_unit(etc "/" name, set)
  if (lines < 0) { lines = read_unit(lib "/" name, set); from = "package" }
  if (lines < 0 && template != name) { lines = read_unit(etc "/" template, set); from = "own" }
  if (lines < 0 && template != name) { lines = read_unit(lib "/" template, set); from = "package" }
  if (lines == 0) return "masked"
  if (read_drop_ins(etc, name, template, set) > 0) from = "own"
  else if (lines < 0) return "gone"
  read_drop_ins(lib, name, template, set)
  return from
}

# Settings of the new unit; `fallback` if it has none.
function setting(name, fallback,    value) {
  if (!(name in fresh)) return fallback
  value = fresh[name]
  sub(/\n$/, "", value)
  sub(/.*\n/, "", value)
  return value
}

# "same", "changed", or "reload" if only triggers for a reload differ. Some settings matter to nobody who runs already.
function compare(    key, result) {
  result = "same"
  for (key in stale) {
    if ((key in fresh) && fresh[key] == stale[key]) continue
    # Without a trigger there is nothing to reload for.
    if (!(key in fresh) && key == "[Unit] X-Reload-Triggers") continue
    result = weigh(key, result)
  }
  for (key in fresh) if (!(key in stale)) result = weigh(key, result)
  return result
}
function weigh(key, result) {
  if (key ~ /^\[Install\]/ || key in unimportant) return result
  if (key == "[Unit] X-Reload-Triggers" || (unit ~ /\.mount$/ && key == "[Mount] Options"))
    return result == "changed" ? result : "reload"
  return "changed"
}

function decide(list, name) {
  if (requested != "" && (list == "stop" || list == "start")) list = "restart"
  if (!((list, name) in decided)) { decided[list, name] = 1; print name >> (out "/" list) }
}

# ---- the rules

function target() {
  # Starting an active target again starts what it has come to want.
  if (unit !~ /^(suspend|hibernate|hybrid-sleep|suspend-then-hibernate)\.target$/ \
      && !truth(setting("[Unit] RefuseManualStart", "no")) && !truth(setting("[Unit] X-OnlyManualStart", "no"))) {
    decide("start", unit)
    decide("quiet", unit)
  }
  # For targets that order others: they must be down while those restart.
  if (truth(setting("[Unit] X-StopOnReconfiguration", "no"))) decide("stop", unit)
}

function changed(    sockets, n, i, activated) {
  if (unit ~ /^(sysinit|basic|multi-user|graphical)\.target$/ || unit ~ /\.(path|slice|socket|scope|device)$/) return
  if (unit ~ /\.mount$/) { decide(unit == "-.mount" || unit == "nix.mount" ? "reload" : "restart", unit); return }

  if (truth(setting("[Service] X-ReloadIfChanged", "no"))) { decide("reload", unit); return }
  if (!truth(setting("[Service] X-RestartIfChanged", "yes")) || truth(setting("[Unit] RefuseManualStop", "no")) \
      || truth(setting("[Unit] X-OnlyManualStart", "no"))) { decide("skip", unit); return }
  # Only services have commands for stopping that could differ.
  if (unit !~ /\.service$/ || !truth(setting("[Service] X-StopIfChanged", "yes"))) { decide("restart", unit); return }

  # An active socket is made anew, and starts the service when somebody calls.
  sockets = setting("[Service] Sockets", "")
  if (sockets == "") { sockets = unit; sub(/\.service$/, ".socket", sockets) }
  n = split(sockets, socket, " ")
  for (i = 1; i <= n; i++) {
    if (!(socket[i] in active)) continue
    decide("stop", socket[i])
    if (load_unit(new, new_lib, socket[i], probe) ~ /own|package/) { decide("start", socket[i]); activated = 1 }
  }
  if (truth(setting("[Service] X-NotSocketActivated", "no"))) activated = 0
  decide("stop", unit)
  if (!activated) decide("start", unit)
}

function judge(    before, after, difference) {
  before = load_unit(old, old_lib, unit, stale)
  if (before == "gone" || before == "masked") return
  after = load_unit(new, new_lib, unit, fresh)

  # What the configuration put there and no longer does is stopped; systemd's own units never go.
  if (after == "gone" || after == "masked" || (before == "own" && after == "package" && unit !~ /^systemd-/)) {
    value = stale["[Unit] X-StopOnRemoval"]
    sub(/\n$/, "", value)
    if (value == "" || truth(value)) decide("stop", unit)
    return
  }
  if (unit ~ /\.target$/) { target(); return }

  difference = compare()
  # The same text, but running programs that are not the system's any more.
  if (difference == "same" && unit in out_of_date) difference = "changed"
  if (difference == "changed") changed()
  else if (difference == "reload") decide("reload", unit)
}

# A unit that an activation snippet wants restarted.
function request(    after) {
  after = load_unit(new, new_lib, unit, fresh)
  if (!(unit in active)) { print unit >> (out "/start"); return }
  if (after != "gone" && after != "masked") changed()
}

BEGIN {
  find_drop_ins(old); find_drop_ins(old_lib); find_drop_ins(new); find_drop_ins(new_lib)
  count = split("Description Documentation OnFailure OnSuccess OnFailureJobMode IgnoreOnIsolate StopWhenUnneeded " \
    "RefuseManualStart RefuseManualStop AllowIsolate CollectMode SourcePath", word, " ")
  for (i = 1; i <= count; i++) unimportant["[Unit] " word[i]] = 1
  while ((getline line < outdated) > 0) out_of_date[line] = 1
}

# UNIT LOAD ACTIVE SUB DESCRIPTION
NF >= 4 && ($3 == "active" || $3 == "activating" || $3 == "reloading") { active[$1] = 1; order[++units] = $1 }

END {
  if (requested != "") {
    while ((getline unit < requested) > 0) if (unit != "") request()
    exit
  }
  for (u = 1; u <= units; u++) { unit = order[u]; judge() }
}
