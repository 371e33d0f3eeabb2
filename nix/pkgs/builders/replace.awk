# Replaces every occurrence of $from by $to, both taken literally.
BEGIN { from = ENVIRON["from"]; to = ENVIRON["to"]; width = length(from) }
{ text = text (NR > 1 ? "\n" : "") $0 }
END {
  while (width > 0 && (at = index(text, from)) > 0) {
    printf "%s%s", substr(text, 1, at - 1), to
    text = substr(text, at + width)
  }
  print text
}
