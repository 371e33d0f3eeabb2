# Prints the commands that make one tree of links out of several.
#
# Input: `R rank priority root` for each tree, followed by its directories
# (`d path`) and other entries (`f path`). With strict=1, two different files at
# one place are an error, unless their priorities differ.

function quoted(text) {
  gsub(/'/, "'\\''", text)
  return "'" text "'"
}
function parent(path) {
  sub(/\/[^\/]*$/, "", path)
  return path
}
{ path = substr($0, 3) }
/^R / {
  rank = $2
  priority = $3
  root = $0
  sub(/^R [^ ]+ [^ ]+ /, "", root)
  width = length(root)
  next
}
{
  gsub(/\/+/, "/", path)
  sub(/\/$/, "", path)
  inside = substr(path, width + 1)
  if (inside == "" || inside ~ /^\/nix-support(\/|$)/ || inside ~ /\/(propagated-build-inputs|perllocal\.pod|log)$/) next
}
/^d / {
  if (lastDir[inside] == rank) next
  lastDir[inside] = rank
  if (!(inside in dirCount)) dirPath[inside] = path
  dirCount[inside]++
  next
}
/^f / {
  if (!(inside in filePath) || priority < filePriority[inside]) {
    filePath[inside] = path
    filePriority[inside] = priority
  } else if (strict && priority == filePriority[inside] && path != filePath[inside]) {
    if (system("cmp -s " quoted(path) " " quoted(filePath[inside])) != 0) {
      print "collision between `" path "' and `" filePath[inside] "'" >"/dev/stderr"
      failed = 1
    }
  }
}
END {
  if (failed) { print "exit 1"; exit }
  made[""] = 1
  # A directory of one tree is linked whole, unless it is the way to a file of another.
  for (directory in dirCount) if (dirCount[directory] > 1) made[directory] = 1
  for (directory in made) if (directory != "") print "mkdir -p " quoted("." directory)
  for (directory in dirCount)
    if (!(directory in made) && parent(directory) in made) print "ln -s " quoted(dirPath[directory]) " " quoted("." directory)
  for (file in filePath)
    if (!(file in dirCount) && parent(file) in made) print "ln -s " quoted(filePath[file]) " " quoted("." file)
}
