# Users and groups that packages declare (sysusers.d(5)), as rows for update-accounts.sh. Usage: package-users.sh SW
#
# Runs while the system is built. What packages would do in their maintainer scripts by other means is not seen here.

for file in "$1"/lib/sysusers.d/*.conf; do
  if [ -e "$file" ]; then cat "$file"; echo; fi
done | awk '
  # Splits a line into words; quotes hold blanks together.
  function words(line, out,    n, rest) {
    n = 0
    while (match(line, /[^ \t]/)) {
      line = substr(line, RSTART)
      if (substr(line, 1, 1) == "\"") { rest = index(substr(line, 2), "\""); out[++n] = substr(line, 2, rest - 1); line = substr(line, rest + 2) }
      else { match(line, /^[^ \t]+/); out[++n] = substr(line, 1, RLENGTH); line = substr(line, RLENGTH + 1) }
    }
    return n
  }
  function number(text) { return text ~ /^[0-9]+$/ ? text : "-" }
  function plain(text) { return text == "" || text == "-" ? "" : text }

  /^[ \t]*(#|$)/ { next }
  {
    delete w
    n = words($0, w)
    kind = substr(w[1], 1, 1)
    if (kind == "g") { if (!((w[2]) in groups)) { groups[w[2]] = number(w[3]); group_order[++group_count] = w[2] } }
    else if (kind == "m") members[w[3]] = members[w[3]] (members[w[3]] == "" ? "" : ",") w[2]
    else if (kind == "u" && !((w[2]) in users)) {
      split(w[3], id, ":")
      # "uid:group": that group, which somebody else makes; otherwise one named like the user.
      group = w[3] ~ /:/ ? id[2] : w[2]
      if (w[3] !~ /:/ && !((w[2]) in groups)) { groups[w[2]] = number(w[3]); group_order[++group_count] = w[2] }
      home = plain(w[5]); shell = plain(w[6])
      users[w[2]] = "user\t" w[2] "\t" number(id[1]) "\t" group "\t" plain(w[4]) "\t" \
        (home == "" ? "/" : home) "\t" (shell == "" ? "/usr/sbin/nologin" : shell) "\t1\t-\t-"
      user_order[++user_count] = w[2]
    }
  }
  END {
    for (i = 1; i <= group_count; i++) { g = group_order[i]; print "group\t" g "\t" groups[g] "\t" members[g]; delete members[g] }
    for (g in members) print "members\t" g "\t" members[g]
    for (i = 1; i <= user_count; i++) print users[user_order[i]]
  }
'
