# Reads a maintainer script (postinst) as text and writes the alternatives that it
# would register to nix-support/alternatives, one per line:
#
#   link name path priority            the master
#   + link name path                   a slave of the master above
#
# Understood: `update-alternatives --install …` with continuation lines and
# --slave, variables with literal values, and `for x in a b c; do … done`.
# What cannot be known without running the script is left out.
#
# Not for: deciding which alternative wins (env.awk).

# Replaces $name and ${name} by known values; "" when one is unknown.
function expand(text,    result, name, rest) {
  result = ""
  rest = text
  while (match(rest, /\$(\{[A-Za-z_][A-Za-z0-9_]*\}|[A-Za-z_][A-Za-z0-9_]*)/)) {
    name = substr(rest, RSTART + 1, RLENGTH - 1)
    gsub(/[{}]/, "", name)
    if (!(name in value)) return "\001"
    result = result substr(rest, 1, RSTART - 1) value[name]
    rest = substr(rest, RSTART + RLENGTH)
  }
  result = result rest
  return result ~ /[$`]/ ? "\001" : result
}

function unquoted(text) {
  gsub(/["']/, "", text)
  return text
}

function install(words,    part, count, i, line, slave) {
  count = split(words, part, /[ \t]+/)
  line = ""
  slave = ""
  for (i = 1; i <= count; i++) {
    if (part[i] == "--install" && i + 4 <= count) {
      line = part[i + 1] " " part[i + 2] " " part[i + 3] " " part[i + 4]
      if (part[i + 1] !~ /^\// || part[i + 3] !~ /^\// || part[i + 4] !~ /^[0-9]+$/) return
      i += 4
    } else if (part[i] == "--slave" && i + 3 <= count) {
      if (part[i + 1] ~ /^\// && part[i + 3] ~ /^\//)
        slave = slave "+ " part[i + 1] " " part[i + 2] " " part[i + 3] "\n"
      i += 3
    } else if (part[i] ~ /^(;|\|\||&&|>|\||;;|fi|done)/) {
      break
    }
  }
  if (line != "" && !((line) in seen)) {
    seen[line] = 1
    printf "%s\n%s", line, slave >"nix-support/alternatives"
  }
}

# One command, with its loops' variables set in turn.
function run(text, depth,    item, count, i, name, whole) {
  if (depth == 0) {
    whole = expand(unquoted(text))
    if (whole !~ /\001/) install(whole)
    return
  }
  name = loopName[depth]
  count = split(loopItems[depth], item, /[ \t]+/)
  for (i = 1; i <= count; i++) {
    if (item[i] == "") continue
    value[name] = item[i]
    run(text, depth - 1)
  }
  delete value[name]
}

function command(text,    name, items) {
  sub(/^[ \t]+/, "", text)
  if (match(text, /^(if|then|else|do|!|\{|\()[ \t]+/)) return command(substr(text, RLENGTH + 1))
  if (text ~ /^for[ \t]+[A-Za-z_][A-Za-z0-9_]*[ \t]+in[ \t]/) {
    name = text
    sub(/^for[ \t]+/, "", name)
    items = name
    sub(/[ \t].*/, "", name)
    sub(/^[^ \t]+[ \t]+in[ \t]+/, "", items)
    sub(/[ \t]*(;.*)?$/, "", items)
    loops++
    loopName[loops] = name
    loopItems[loops] = expand(unquoted(items))
    if (loopItems[loops] ~ /\001/) loopItems[loops] = ""
    return
  }
  if (text ~ /^while[ \t]/) { loops++; loopName[loops] = "\002"; loopItems[loops] = ""; return }
  if (text ~ /^done/) { if (loops > 0) loops--; return }
  if (text ~ /update-alternatives/ && text ~ /--install/) { run(text, loops); return }
  if (match(text, /^(export[ \t]+|local[ \t]+)?[A-Za-z_][A-Za-z0-9_]*=/)) {
    name = substr(text, 1, RLENGTH - 1)
    items = substr(text, RLENGTH + 1)
    sub(/^(export|local)[ \t]+/, "", name)
    sub(/[ \t]*$/, "", items)
    # Set twice, differently: which one holds depends on the run.
    items = expand(unquoted(items))
    if (items ~ /[ \t]/ && items !~ /\001/) { value[name] = items; return }
    value[name] = items
    if (items ~ /\001/) delete value[name]
  }
}

# Splits at ; outside quotes, but keeps `for … ; do` readable: `do` is dropped.
function line(text,    i, c, quote, start) {
  quote = ""
  start = 1
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (quote != "") { if (c == quote) quote = "" }
    else if (c == "\"" || c == "'") quote = c
    else if (c == "#" && (i == 1 || substr(text, i - 1, 1) ~ /[ \t;]/)) { text = substr(text, 1, i - 1); break }
    else if (c == ";") { command(substr(text, start, i - start)); start = i + 1 }
    else if (c == "&" && substr(text, i, 2) == "&&") { command(substr(text, start, i - start)); i++; start = i + 1 }
  }
  command(substr(text, start))
}

# busybox's awk does not take a variable that was never set for 0 once it is passed on.
BEGIN { loops = 0 }

{
  if ($0 ~ /\\$/) { pending = pending substr($0, 1, length($0) - 1) " "; next }
  line(pending $0)
  pending = ""
}
END { if (pending != "") line(pending) }
