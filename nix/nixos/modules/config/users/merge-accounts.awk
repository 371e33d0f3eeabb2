# The rules of merging declared accounts with those that exist; see update-accounts.sh for the files.
#
# Variables: out, the directory for the new files; dry, 1 if changes are only announced. `kind` names the file being
# read. A declared account keeps the number that it has; a declared account that is declared no more is removed; other
# accounts stay if accounts are mutable. Passwords of existing accounts stay if accounts are mutable.

function note(done, would, what) { print (dry ? would : done) " " what > "/dev/stderr" }

# {"a":1,"b":2}
function read_map(text, map,    i, n, part, pair) {
  gsub(/[{}" \t]/, "", text)
  n = split(text, part, ",")
  for (i = 1; i <= n; i++) if (split(part[i], pair, ":") == 2) map[pair[1]] = pair[2]
}
function write_map(file, map,    name, text, n, i, names) {
  for (name in map) names[++n] = name
  sort_names(names, n)
  for (i = 1; i <= n; i++) text = text (i > 1 ? "," : "") "\"" names[i] "\":" map[names[i]]
  print "{" text "}" > (out "/" file)
}
function sort_names(names, n,    i, j, x) {
  for (i = 2; i <= n; i++) {
    x = names[i]
    for (j = i - 1; j > 0 && names[j] > x; j--) names[j + 1] = names[j]
    names[j + 1] = x
  }
}
function write_names(file, set,    name, n, names, i, text) {
  for (name in set) names[++n] = name
  sort_names(names, n)
  for (i = 1; i <= n; i++) text = text (i > 1 ? " " : "") names[i]
  printf "%s", text > (out "/" file)
}

# The first free number of a range; `step` is 1 or -1.
function free_number(used, reserved, from, to, step,    id) {
  for (id = from; id != to + step; id += step) if (!(id in used) && !(id in reserved)) { used[id] = 1; return id }
  print "out of free UIDs or GIDs" > "/dev/stderr"
  exit 1
}
# A number for a new account: the one that it had before, if that is still free.
function allocate(what, name, map, used, reserved, from, to, step,    low, high) {
  low = step > 0 ? from : to; high = step > 0 ? to : from
  if (name in map && map[name] + 0 >= low && map[name] + 0 <= high && !(map[name] in used)) {
    note("reviving", "would revive", what " '" name "' with " (what == "group" ? "GID " : "UID ") map[name])
    used[map[name]] = 1
    return map[name]
  }
  return free_number(used, reserved, from, to, step)
}

# Days since 1970-01-01 of YYYY-MM-DD (civil calendar, era arithmetic).
function days(date,    d, y, m, era, yoe, doy) {
  split(date, d, "-")
  y = d[1] + 0; m = d[2] + 0
  if (m <= 2) y--
  era = int(y / 400); yoe = y - era * 400
  doy = int((153 * (m + (m > 2 ? -3 : 9)) + 2) / 5) + d[3] - 1
  return era * 146097 + yoe * 365 + int(yoe / 4) - int(yoe / 100) + doy - 719468
}

BEGIN { tab = "\t" }

# ---- what is wanted
kind == "accounts" || kind == "packages" {
  n = split($0, f, tab)
  if (f[1] == "mutable") mutable = f[2]
  else if (f[1] == "group" && !(f[2] in want_group)) {
    want_group[f[2]] = ++groups; group_name[groups] = f[2]; group_id[f[2]] = f[3]; group_members[f[2]] = f[4]
    if (f[3] != "-") gid_used[f[3]] = 1
  }
  else if (f[1] == "group" || f[1] == "members") {
    # A package adds members to a group that is declared already.
    text = f[1] == "group" ? f[4] : f[3]
    if (text != "") group_members[f[2]] = group_members[f[2]] (group_members[f[2]] == "" ? "" : ",") text
  }
  else if (f[1] == "user" && !(f[2] in want_user)) {
    want_user[f[2]] = ++users; user_name[users] = f[2]
    for (i = 3; i <= 10; i++) user[f[2], i] = f[i]
    if (f[3] != "-") uid_used[f[3]] = 1
  }
  else if (f[1] == "subuid" || f[1] == "subgid") sub_rows[++subs] = f[1] tab f[2] ":" f[3] ":" f[4]
  else if (f[1] == "autosub") auto_sub[++autos] = f[2]
  next
}
# The strongest row of an account comes first.
kind == "hashes" { n = split($0, f, tab); if (!(f[1] in hash)) { hash[f[1]] = f[2] } next }

# ---- what was
kind == "uid-map" { read_map($0, uid_map); next }
kind == "gid-map" { read_map($0, gid_map); next }
kind == "subuid-map" { read_map($0, sub_map); next }
kind == "declarative-users" { n = split($0, f, " "); for (i = 1; i <= n; i++) was_user[f[i]] = 1; next }
kind == "declarative-groups" { n = split($0, f, " "); for (i = 1; i <= n; i++) was_group[f[i]] = 1; next }

# ---- what is
kind == "group" {
  if (split($0, f, ":") < 3) next
  old_group[f[1]] = $0; old_groups[++old_group_count] = f[1]
  gid_used[f[3]] = 1
  next
}
kind == "passwd" {
  if (split($0, f, ":") < 7) next
  old_user[f[1]] = $0; old_users[++old_user_count] = f[1]
  uid_used[f[3]] = 1
  next
}
kind == "shadow" { split($0, f, ":"); shadow[++shadow_count] = $0; next }

function merge_group(name,    f, m, i, n, seen, list) {
  n = split(group_members[name], m, ",")
  for (i = 1; i <= n; i++) if (!(m[i] in seen)) { seen[m[i]] = 1; list[++list[0]] = m[i] }
  if (name in old_group) {
    split(old_group[name], f, ":")
    if (group_id[name] == "-") group_id[name] = f[3]
    else if (group_id[name] != f[3]) {
      note("warning: not applying", "warning: would not apply", "GID change of group ‘" name "’ (" f[3] " -> " group_id[name] ") in /etc/group")
      group_id[name] = f[3]
    }
    if (mutable) {
      # Members that somebody added by hand.
      n = split(f[4], m, ",")
      for (i = 1; i <= n; i++) if (!(m[i] in seen) && !(m[i] in was_user)) { seen[m[i]] = 1; list[++list[0]] = m[i] }
    }
  } else {
    f[2] = "x"
    if (group_id[name] == "-") group_id[name] = allocate("group", name, gid_map, gid_used, gid_reserved, 999, 400, -1)
  }
  n = list[0] + 0; delete list[0]
  sort_names(list, n)
  text = ""
  for (i = 1; i <= n; i++) text = text (i > 1 ? "," : "") list[i]
  gid_map[name] = group_id[name]
  print name, f[2], group_id[name], text > (out "/group.new")
}

function merge_user(name,    f, uid, gid, group, shell) {
  group = user[name, 4]
  if (group ~ /^[0-9]+$/) gid = group
  else if (group in group_id) gid = group_id[group]
  else { print "warning: user ‘" name "’ has unknown group ‘" group "’" > "/dev/stderr"; gid = 65534 }

  uid = user[name, 3]; shell = user[name, 7]; f[2] = "x"
  if (name in old_user) {
    split(old_user[name], f, ":")
    if (uid == "-") uid = f[3]
    else if (uid != f[3]) {
      note("warning: not applying", "warning: would not apply", "UID change of user ‘" name "’ (" f[3] " -> " uid ") in /etc/passwd")
      uid = f[3]
    }
    if (shell == "-") shell = f[7]
  } else if (uid == "-") {
    uid = user[name, 8] == 1 ? allocate("user", name, uid_map, uid_used, uid_reserved, 999, 400, -1) \
      : allocate("user", name, uid_map, uid_used, uid_reserved, 1000, 29999, 1)
  }
  if (shell == "-") {
    print "warning: no declarative or previous shell for ‘" name "’, setting shell to nologin" > "/dev/stderr"
    shell = "/usr/sbin/nologin"
  }
  uid_map[name] = uid
  print name, f[2], uid, gid, user[name, 5], user[name, 6], shell > (out "/passwd.new")
  kept[name] = 1
  if (user[name, 9] != "-") print user[name, 6] tab user[name, 9] tab uid tab gid > (out "/homes")
}

# One line of shadow(5) for an account that has one already.
function merge_shadow(line,    f, name) {
  split(line, f, ":")
  name = f[1]
  if (!(name in kept)) return
  if (!mutable) f[2] = name in hash ? hash[name] : "!"
  if ((name, 10) in user && user[name, 10] != "-") f[8] = days(user[name, 10])
  print f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9] > (out "/shadow")
  has_shadow[name] = 1
}

function sub_ranges(    i, f, name, start, n) {
  for (i = 1; i <= subs; i++) { split(sub_rows[i], f, tab); print f[2] > (out "/" f[1]) }
  for (n in sub_map) sub_used[sub_map[n]] = 1
  for (i = 1; i <= autos; i++) {
    name = auto_sub[i]
    if (name in sub_map) start = sub_map[name]
    else { start = 100000; while (start in sub_used) start += 65536; sub_used[start] = 1; sub_map[name] = start }
    print name, start, 65536 > (out "/subuid")
    print name, start, 65536 > (out "/subgid")
  }
}

END {
  for (name in uid_map) uid_reserved[uid_map[name]] = 1
  for (name in gid_map) gid_reserved[gid_map[name]] = 1
  split("passwd.new group.new shadow subuid subgid homes", file, " ")
  for (i in file) printf "" > (out "/" file[i])

  for (i = 1; i <= groups; i++) merge_group(group_name[i])
  for (i = 1; i <= old_group_count; i++) {
    name = old_groups[i]
    if (name in want_group) continue
    if (!mutable || name in was_group) note("removing group", "would remove group", "‘" name "’")
    else print old_group[name] > (out "/group.new")
  }

  for (i = 1; i <= users; i++) merge_user(user_name[i])
  for (i = 1; i <= old_user_count; i++) {
    name = old_users[i]
    if (name in want_user) continue
    if (!mutable || name in was_user) note("removing user", "would remove user", "‘" name "’")
    else { print old_user[name] > (out "/passwd.new"); kept[name] = 1 }
  }

  for (i = 1; i <= shadow_count; i++) merge_shadow(shadow[i])
  for (i = 1; i <= users; i++) {
    name = user_name[i]
    if (name in has_shadow) continue
    print name, (name in hash ? hash[name] : "!"), 1, "", "", "", "", (user[name, 10] != "-" && user[name, 10] != "" ? days(user[name, 10]) : ""), "" > (out "/shadow")
  }

  sub_ranges()
  write_map("uid-map", uid_map)
  write_map("gid-map", gid_map)
  write_map("auto-subuid-map", sub_map)
  write_names("declarative-users", want_user)
  write_names("declarative-groups", want_group)
}
