# Unpacks the records of file-tree.nix: a header line (separator and path), then the text of the file.
#
# Variables: out, the directory to write into; sep, the separator. The newline before a header is not part of the
# text, so a file may end without one.

function make_directory(path) {
  sub(/\/[^\/]*$/, "", path)
  if (!(path in made)) {
    made[path] = 1
    gsub(/'/, "'\\''", path)
    system("mkdir -p '" path "'")
  }
}

index($0, sep) == 1 {
  if (file != "") close(file)
  file = out "/" substr($0, length(sep) + 1)
  make_directory(file)
  printf "" > file
  first = 1
  next
}

{
  printf "%s%s", (first ? "" : "\n"), $0 > file
  first = 0
}
