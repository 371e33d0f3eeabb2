# Unpacks the records of file-tree.nix: a header line (separator and path), then the text of the file.
#
# Variables: out, the directory to write into; sep, the separator; pass: 1 only prints the directories that are needed
# (awk cannot make them without /bin/sh, which builds do not have), 2 writes. The newline before a header is not part of the
# text, so a file may end without one.

index($0, sep) == 1 {
  if (file != "" && pass == 2) close(file)
  file = out "/" substr($0, length(sep) + 1)
  if (pass == 1) {
    sub(/\/[^\/]*$/, "", file)
    print file
    next
  }
  printf "" > file
  first = 1
  next
}

pass != 1 {
  printf "%s%s", (first ? "" : "\n"), $0 > file
  first = 0
}
