# Chooses which of the packages' files in etc are shown, and prints the commands that link them.
#
# Input: paths ("./a/b"). Variables: table, the declared entries; skip, paths separated by blanks; from, where the
# files are; out, the tree to link into; manifest, a file that gets a "link" line for each.

function quote(text) {
  gsub(/'/, "'\\''", text)
  return "'" text "'"
}

# Is `path`, or a directory it is in, in the way?
function covered(path) {
  while (path != "") {
    if (path in taken) return 1
    if (!sub(/\/[^\/]*$/, "", path)) return 0
  }
  return 0
}

BEGIN {
  count = split(skip, skipped, " ")
  for (i = 1; i <= count; i++) taken[skipped[i]] = 1
  while ((getline line < table) > 0) {
    split(line, field, "\t")
    taken[field[2]] = 1
    # A package's file must not stand where a declared entry needs a directory.
    path = field[2]
    while (sub(/\/[^\/]*$/, "", path)) parent[path] = 1
  }
}

{
  path = substr($0, 3)
  # .dpkg-* and the like are left-overs of archive tools, never configuration.
  if (covered(path) || (path in parent) || path ~ /\.(dpkg|ucf)-[a-z]+$/) next
  directory = path
  if (!sub(/\/[^\/]*$/, "", directory)) directory = "."
  if (!(directory in files)) order[++directories] = directory
  files[directory] = files[directory] " " quote(from "/" path)
  print "link\t" path > manifest
}

END {
  if (directories == 0) exit
  printf "mkdir -p"
  for (i = 1; i <= directories; i++) printf " %s", quote(out "/" order[i])
  print ""
  for (i = 1; i <= directories; i++) print "ln -s" files[order[i]] " " quote(out "/" order[i] "/")
}
