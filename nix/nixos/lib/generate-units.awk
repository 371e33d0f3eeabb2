# Writes the unit files of one directory and prints the shell commands that make its links.
#
# Runs twice, because awk cannot make directories without /bin/sh: pass 1 reads only the table and prints the command that
# makes the directories of drop-ins; pass 2 does the rest.
#
# Input: first the table (tab-separated rows: unit, alias, wants, requires, upholds, mask, link), then the texts
# in the format of file-tree.nix. Variables: out, the directory; upstream, where the system finds units that
# packages bring (may be empty); sep, the separator of the texts; part, which of the two
# files is read; pass.
#
# A definition becomes a drop-in, NAME.d/overrides.conf, when it says so, when the unit is linked from a package
# already, when it belongs to systemd itself, or when it is only a fragment and some package has the whole.

function exists(path,    line, result) {
  result = (getline line < path)
  if (result >= 0) close(path)
  return result >= 0
}

function dropin(name, strategy, complete) {
  if (strategy == "asDropin") return 1
  if (exists(out "/" name)) return 1
  if (upstream == "" || !exists(upstream "/" name)) return 0
  return !complete || name ~ /^(systemd-|getty@|console-getty|container-getty|serial-getty|emergency|rescue)/
}

function link_in(directory, target) {
  if (!(directory in links)) order[++directories] = directory
  links[directory] = links[directory] " '" target "'"
}

BEGIN { FS = "\t" }

# The table.
part == "table" && $1 == "unit" {
  if ($3 == 0) {
    commands = commands "ln -sfn /dev/null '" out "/" $2 "'\n"
  } else if (dropin($2, $4, $5)) {
    place[$2] = out "/" $2 ".d/overrides.conf"
    wanted_directories = wanted_directories " '" out "/" $2 ".d'"
  } else {
    place[$2] = out "/" $2
  }
  next
}
part == "table" && $1 == "alias" { commands = commands "ln -sfn '" $2 "' '" out "/" $3 "'\n"; next }
part == "table" && ($1 == "wants" || $1 == "requires" || $1 == "upholds") { link_in($3 "." $1, "../" $2); next }
part == "table" && $1 == "mask" { if (!exists(out "/" $2)) commands = commands "ln -sfn /dev/null '" out "/" $2 "'\n"; next }
part == "table" && $1 == "link" { commands = commands "ln -sfn '" $3 "' '" out "/" $2 "'\n"; next }
part == "table" { next }

# The texts.
index($0, sep) == 1 {
  if (file != "") close(file)
  file = place[substr($0, length(sep) + 1)]
  printf "" > file
  first = 1
  next
}
{
  printf "%s%s", (first ? "" : "\n"), $0 > file
  first = 0
}

END {
  if (pass == 1) {
    if (wanted_directories != "") print "mkdir -p" wanted_directories
    exit
  }
  printf "%s", commands
  if (directories > 0) {
    printf "mkdir -p"
    for (i = 1; i <= directories; i++) printf " '%s/%s'", out, order[i]
    print ""
  }
  for (i = 1; i <= directories; i++) printf "ln -sfn%s '%s/%s/'\n", links[order[i]], out, order[i]
}
