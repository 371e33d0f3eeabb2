# Decides what a switch does to each running unit. Input: `systemctl list-units --plain --no-legend --full`.
#
# Variables: old and new, the etc/systemd/system of both systems; old_lib and new_lib, where units of packages are in each;
# outdated, a file of units whose processes still use packages that the new system replaces; out, a directory. There one
# file per decision is written, a unit per line: stop, start, restart, reload, skip, and quiet (started, but not worth
# mentioning).
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

# A unit as systemd would see it: the file, and the drop-in of the configuration.
# Returns "gone", "masked", "package" (nothing in etc) or "own".
function load(etc, lib, name, set,    lines, dropped, from) {
  delete set
  from = "own"
  lines = read_unit(etc "/" name, set)
  if (lines < 0) { lines = read_unit(lib "/" name, set); from = "package" }
  dropped = read_unit(etc "/" name ".d/overrides.conf", set)
  if (dropped >= 0) from = "own"
  if (lines < 0 && dropped < 0) return "gone"
  if (lines == 0 && dropped < 0) return "masked"
  return from
}

# An instance has a file of its own, or else its template's.
function load_unit(etc, lib, name, set,    state, template) {
  state = load(etc, lib, name, set)
  if (state != "gone" || name !~ /@.*\./) return state
  template = name
  sub(/@.*\./, "@.", template)
  return load(etc, lib, template, set)
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

function decide(list, name) { if (!((list, name) in decided)) { decided[list, name] = 1; print name > (out "/" list) } }

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

  if (!truth(setting("[Service] X-NotSocketActivated", "no"))) {
    sockets = setting("[Service] Sockets", "")
    if (sockets == "") { sockets = unit; sub(/\.service$/, ".socket", sockets) }
    n = split(sockets, socket, " ")
    for (i = 1; i <= n; i++) {
      if (!(socket[i] in active)) continue
      decide("stop", socket[i])
      if (load_unit(new, new_lib, socket[i], probe) ~ /own|package/) { decide("start", socket[i]); activated = 1 }
    }
  }
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

BEGIN {
  count = split("Description Documentation OnFailure OnSuccess OnFailureJobMode IgnoreOnIsolate StopWhenUnneeded " \
    "RefuseManualStart RefuseManualStop AllowIsolate CollectMode SourcePath", word, " ")
  for (i = 1; i <= count; i++) unimportant["[Unit] " word[i]] = 1
  while ((getline line < outdated) > 0) out_of_date[line] = 1
}

# UNIT LOAD ACTIVE SUB DESCRIPTION
NF >= 4 && ($3 == "active" || $3 == "activating" || $3 == "reloading") { active[$1] = 1; order[++units] = $1 }

END {
  for (u = 1; u <= units; u++) { unit = order[u]; judge() }
}
