# Decides what the joined tree looks like, and prints the shell commands that
# make it, to be run inside the empty result.
#
# Input, one file after the other:
#   1  `usr PATH` or `top PATH`: the packages, best first
#   2  all their directories   3  everything else in them
#   4  `PATH/nix-support/alternatives:` + a line of alternatives.awk
#
# A directory that only one package has is one link to it. One that several
# have is made, and filled. A directory beats a file of the same name, a file
# or link that a package ships beats an alternative, and of two files the
# better package's is taken.

function quoted(text) {
  gsub(/'/, "'\\''", text)
  return "'" text "'"
}

function parent(path) {
  sub(/\/[^\/]*$/, "", path)
  return path
}

function base(path) {
  sub(/.*\//, "", path)
  return path
}

# Sets `owner` and `inside`: which package a path is of, and where it is to be
# in the result. False when it has no place there.
function place(path,    rest, end) {
  rest = substr(path, length(store) + 2)
  end = index(rest, "/")
  if (end == 0) { owner = path; inside = "" }
  else { owner = substr(path, 1, length(store) + end); inside = substr(rest, end) }
  if (!(owner in rank)) return 0
  sub(/\/+$/, "", inside)
  if (shape[owner] == "usr") {
    # Nobody's PATH has the archive's directory of games: they are programs like others.
    if (inside == "/usr/games" || inside ~ /^\/usr\/games\//) inside = "/bin" substr(inside, 11)
    else if (inside == "/usr" || inside ~ /^\/usr\//) inside = substr(inside, 5)
    else if (inside != "/etc" && inside !~ /^\/etc\//) return 0
  } else if (inside ~ /^\/nix-support(\/|$)/) return 0
  return 1
}

# Where a path of the running system is in the result; "" for nowhere.
function systemPlace(path) {
  if (path ~ /^\/(bin|sbin|lib|lib32|lib64|libo32|libx32)\//) return path
  if (path ~ /^\/usr\/./) return substr(path, 5)
  if (path ~ /^\/etc\/./) return path
  return ""
}

# Programs that look for their parts beside themselves, where other packages
# put them: compilers' drivers and Java's launchers. A link would lead them into
# their own package, so they are copied; they are small.
function looksAround(path) {
  return path ~ /^\/bin\/([a-z0-9_]+-linux-gnu[a-z0-9]*-)?(gcc|g\+\+|cpp|gfortran|gdc|gnat[a-z]*)(-[0-9.]+)?$/ ||
    path ~ /^\/lib\/jvm\/[^\/]+\/bin\/[^\/]+$/ ||
    path ~ /^\/lib\/llvm-[0-9]+\/bin\/clang[^\/]*$/
}

function force(directory) {
  while (directory != "" && !(directory in made)) {
    made[directory] = 1
    directory = parent(directory)
  }
}

# Empty files have no first line, so inputs are told by their names.
FILENAME != lastFile { lastFile = FILENAME; kind = base(FILENAME) }

kind == "dirs" {
  if (place($0) && inside != "") {
    if (!(inside in dirCount) || rank[owner] < dirRank[inside]) { dirRank[inside] = rank[owner]; dirPath[inside] = $0 }
    dirCount[inside]++
  }
  next
}

kind == "files" {
  if (place($0) && inside != "") {
    if (!(inside in fileRank) || rank[owner] < fileRank[inside]) { fileRank[inside] = rank[owner]; filePath[inside] = $0 }
    has[owner inside] = $0
    if (looksAround(inside)) { copied[inside] = 1; force(parent(inside)) }
    # Go reads no source file that is a link. Directories of one package stay links.
    else if (inside ~ /^\/share\/go-[0-9.]+\/src\//) copied[inside] = 1
  }
  next
}

kind == "registrations" {
  colon = index($0, ":")
  owner = substr($0, 1, colon - 1)
  sub(/\/nix-support\/alternatives$/, "", owner)
  split(substr($0, colon + 1), word, " ")
  if (word[1] == "+") {
    slaves[current] = slaves[current] word[2] " " word[3] " " word[4] "\n"
    next
  }
  # Two packages may register the same name; the better priority wins.
  current = ++registrations
  masterOwner[current] = owner
  master[current] = word[1] " " word[2] " " word[3]
  target = systemPlace(word[3])
  if (target == "" || !(target in filePath || target in dirPath)) next
  if (!(word[2] in best) || word[4] + 0 > bestPriority[word[2]] ||
      (word[4] + 0 == bestPriority[word[2]] && rank[owner] < rank[masterOwner[best[word[2]]]])) {
    best[word[2]] = current
    bestPriority[word[2]] = word[4] + 0
  }
  next
}

{ shape[$2] = $1; rank[$2] = ++packages; next }

function alternative(link, name, path, owner,    at, target) {
  at = systemPlace(link)
  target = systemPlace(path)
  if (at == "" || target == "" || at in filePath || at in dirCount || at in chosen) return
  if (!(target in filePath || target in dirPath)) return
  # Some programs look the choice up where the archive keeps it.
  registered["/etc/alternatives/" name] = path
  force("/etc/alternatives")
  if (target in copied) chosen[at] = ENVIRON["out"] target
  else if (target in filePath) chosen[at] = (owner target) in has ? has[owner target] : filePath[target]
  else chosen[at] = dirPath[target]
  force(parent(at))
}

END {
  for (name in best) {
    id = best[name]
    split(master[id], word, " ")
    alternative(word[1], word[2], word[3], masterOwner[id])
    count = split(slaves[id], slave, "\n")
    for (i = 1; i < count; i++) {
      split(slave[i], word, " ")
      alternative(word[1], word[2], word[3], masterOwner[id])
    }
  }
  for (directory in dirCount) if (dirCount[directory] > 1) made[directory] = 1
  made[""] = 1

  # A directory is filled when it is made; otherwise its parent links to it.
  command = "mkdir -p"
  for (directory in made) if (directory != "") command = command " " quoted("." directory)
  if (command != "mkdir -p") print command
  for (directory in dirCount)
    if (!(directory in made) && parent(directory) in made) add(parent(directory), dirPath[directory])
  for (file in filePath)
    if (!(file in dirCount) && !(file in made) && parent(file) in made) {
      # -P: a link among them leads on by itself.
      if (file in copied) print "cp -P " quoted(filePath[file]) " " quoted("." file)
      else add(parent(file), filePath[file])
    }
  for (directory in links) flush(directory)
  for (at in chosen) print "ln -s " quoted(chosen[at]) " " quoted("." at)
  for (at in registered) if (!(at in filePath)) print "ln -s " quoted(registered[at]) " " quoted("." at)
}

function add(directory, path) {
  links[directory] = links[directory] " " quoted(path)
  # Below the kernel's limit on the size of a command line, with room to spare.
  if (length(links[directory]) > 400000) { flush(directory); delete links[directory] }
}

function flush(directory) {
  print "ln -s" links[directory] " ." quoted(directory) "/"
}
