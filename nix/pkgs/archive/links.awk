# Reads the verbose member list of a package (busybox tar -tvv) and prints the
# shell commands that make its symbolic links work from the Nix store.
#
#   * a relative link that leaves the package becomes absolute: a system links
#     whole directories of packages, and the kernel resolves a relative target
#     from where the link really lies
#   * an absolute link to a file of the package itself becomes relative, so that
#     it also works where nothing is mounted on /usr
#   * a link to a directory is absolute even within the package: other packages
#     may have files in that directory, too
#   * whatever points into /etc, /var, /run and the like is absolute: there the
#     container's own files are meant
#
# Not for: links that a package lacks (alternatives.awk).

function quoted(text) {
  gsub(/'/, "'\\''", text)
  return "'" text "'"
}

# /a/./b/../c -> /a/c; never above the root.
function normal(path,    part, count, i, depth, stack, result) {
  count = split(path, part, "/")
  depth = 0
  for (i = 1; i <= count; i++) {
    if (part[i] == "" || part[i] == ".") continue
    if (part[i] == "..") { if (depth > 0) depth--; continue }
    stack[++depth] = part[i]
  }
  result = ""
  for (i = 1; i <= depth; i++) result = result "/" stack[i]
  return result == "" ? "/" : result
}

# /bin/x, /lib64/x -> /usr/bin/x, …
function merged(path) {
  return path ~ /^\/(bin|sbin|lib|lib32|lib64|libo32|libx32)(\/|$)/ ? "/usr" path : path
}

function parent(path) {
  sub(/\/[^\/]*$/, "", path)
  return path
}

# The way from directory `from` to `to`, both absolute and below /usr.
function relative(from, to,    f, t, nf, nt, i, j, result) {
  nf = split(substr(from, 2), f, "/")
  nt = split(substr(to, 2), t, "/")
  for (i = 1; i <= nf && i <= nt && f[i] == t[i]; i++) ;
  result = ""
  for (j = i; j <= nf; j++) result = result "../"
  for (j = i; j <= nt; j++) result = result t[j] (j < nt ? "/" : "")
  sub(/\/$/, "", result)
  return result == "" ? "." : result
}

{
  # mode owner/group size date time ./name [-> target]
  name = substr($0, index($0, " ./") + 1)
  kind = substr($1, 1, 1)
  if (kind == "l") {
    arrow = index(name, " -> ")
    target = substr(name, arrow + 4)
    name = substr(name, 1, arrow - 1)
  }
  if (kind ~ /[bcps]/) strange = 1
  # Members are named ./a/b, directories ./a/b/.
  sub(/\/$/, "", name)
  name = substr(name, 2)
  if (name !~ /^\/usr\//) name = merged(normal(name))
  here[name] = kind
  if (kind == "l") { order[++links] = name; points[name] = target }
  # The store keeps no set-user-ID and set-group-ID; who wants a wrapper finds
  # mode, owner and group here.
  if (kind == "-" && $1 ~ /[sS]/) {
    split($2, owner, "/")
    print $1, owner[1], owner[2], name >"nix-support/set-id"
  }
}

END {
  # Device nodes cannot be in the store, and packages of the archive ship none.
  if (strange) print "find . ! -type d ! -type f ! -type l -exec rm -f {} +"
  for (i = 1; i <= links; i++) {
    name = order[i]
    target = points[name]
    absolute = target ~ /^\//
    whole = merged(normal(absolute ? target : parent(name) "/" target))
    if (whole == name) {
      # /bin/x -> /usr/bin/x of a package from before the merge
      continue
    } else if (whole ~ /^\/usr\// && whole in here && here[whole] != "d" && name ~ /^\/usr\//) {
      wanted = relative(parent(name), whole)
    } else {
      wanted = whole
    }
    if (wanted != target) {
      print "if [ -L " quoted("." name) " ]; then rm " quoted("." name) "; ln -s " quoted(wanted) " " quoted("." name) "; fi"
    }
  }
}
