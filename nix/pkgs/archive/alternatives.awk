# Reads a maintainer script (postinst) as text and writes the alternatives that it
# would register to nix-support/alternatives, one per line:
#
#   link name path priority            the master
#   + link name path                   a slave of the master above
#
# Understood: `update-alternatives --install …` with continuation lines and
# --slave, variables with literal values, `for x in a b c; do … done`, and
# functions that are called with literal arguments. What cannot be known without
# running the script is left out.
#
# Not for: deciding which alternative wins (env.awk).

# busybox's awk does not take a variable that was never set for 0 once it is passed on.
BEGIN { loops = 0; defining = ""; depth = 0 }

# Stands for what is not known; no script contains it.
function unknown() { return "\001" }

# Replaces $name, ${name} and $1 by known values, which may name others.
function expand(text,    result, name, rest, steps) {
  result = ""
  rest = text
  steps = 0
  while (steps++ < 100 && match(rest, /\$(\{[A-Za-z0-9_]+\}|[A-Za-z_][A-Za-z0-9_]*|[0-9])/)) {
    name = substr(rest, RSTART + 1, RLENGTH - 1)
    gsub(/[{}]/, "", name)
    result = result substr(rest, 1, RSTART - 1)
    rest = (name in value ? value[name] : unknown()) substr(rest, RSTART + RLENGTH)
  }
  result = result rest
  if (result ~ /[$`]/) result = result unknown()
  return result
}

function unquoted(text) {
  gsub(/["']/, "", text)
  return text
}

function absolute(path) { return path ~ /^\// && path !~ /\001/ }

# One `update-alternatives` command whose variables are as they are now.
function install(text,    part, count, i, line, slave) {
  # A word that is not known spoils what it is in, and no more.
  count = split(expand(unquoted(text)), part, /[ \t]+/)
  line = ""
  slave = ""
  for (i = 1; i <= count; i++) {
    if (part[i] == "--install") {
      if (!absolute(part[i + 1]) || !absolute(part[i + 3]) || part[i + 2] ~ /\001/) return
      if (part[i + 4] !~ /^-?[0-9]+$/) return
      line = part[i + 1] " " part[i + 2] " " part[i + 3] " " part[i + 4]
      i += 4
    } else if (part[i] == "--slave") {
      if (absolute(part[i + 1]) && absolute(part[i + 3]))
        slave = slave "+ " part[i + 1] " " part[i + 2] " " part[i + 3] "\n"
      i += 3
    } else if (part[i] ~ /^(\|\||>|2>|\||;;)/) {
      break
    }
  }
  if (line != "" && !(line in seen)) {
    seen[line] = 1
    printf "%s\n%s", line, slave >"nix-support/alternatives"
  }
}

# One command, with the variables of the loops around it set in turn.
function run(text, level,    item, count, i, name) {
  if (level == 0) { install(text); return }
  name = loopName[level]
  count = split(loopItems[level], item, /[ \t]+/)
  for (i = 1; i <= count; i++) {
    if (item[i] == "") continue
    value[name] = item[i]
    run(text, level - 1)
  }
  delete value[name]
}

function assign(text,    name, content, pattern) {
  sub(/^(export|local|readonly)[ \t]+/, "", text)
  name = text
  sub(/=.*/, "", name)
  content = substr(text, length(name) + 2)
  sub(/[ \t]*$/, "", content)
  # What depends on a loop's variable has another value each time round.
  pattern = content
  if (loops > 0 && pattern ~ ("\\$[{]?" loopName[loops] "([^A-Za-z0-9_]|$)")) { value[name] = unquoted(content); return }
  content = expand(unquoted(content))
  # A value that is computed under some condition replaces none that is known.
  if (content !~ /\001/) value[name] = content
}

# Calls a function of the script: its lines once more, with $1, $2, …
function call(name, text,    argument, count, i, body, lines) {
  if (depth > 4) return
  depth++
  count = split(expand(unquoted(text)), argument, /[ \t]+/)
  for (i = 2; i <= count; i++) if (argument[i] !~ /\001/) value[i - 1] = argument[i]
  lines = split(body_of[name], body, "\n")
  for (i = 1; i <= lines; i++) line(body[i])
  for (i = 2; i <= count; i++) delete value[i - 1]
  depth--
}

function command(text,    name, items) {
  sub(/^[ \t]+/, "", text)
  if (match(text, /^(if|then|else|do|!|\{|\()[ \t]+/)) { command(substr(text, RLENGTH + 1)); return }
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
  if (text ~ /^while[ \t]/) { loops++; loopName[loops] = unknown(); loopItems[loops] = ""; return }
  if (text ~ /^done/) { if (loops > 0) loops--; return }
  if (text ~ /update-alternatives[ \t]/ && text ~ /--install/) { run(text, loops); return }
  if (text ~ /^((export|local|readonly)[ \t]+)?[A-Za-z_][A-Za-z0-9_]*=/) { assign(text); return }
  name = text
  sub(/[ \t].*/, "", name)
  if (name in body_of) call(name, text)
}

# Splits at ; and && outside quotes, and drops comments.
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

# Whether a line ends inside quotes, so that the next one belongs to it.
function open(text,    copy) {
  copy = text
  return gsub(/"/, "", copy) % 2 == 1 && text !~ /^[ \t]*#/
}

{
  if ($0 ~ /\\$/) { pending = pending substr($0, 1, length($0) - 1) " "; next }
  whole = pending $0
  if (open(whole) && length(whole) < 4000) { pending = whole " "; next }
  pending = ""
  if (defining != "") {
    if (whole ~ /^\}/) defining = ""
    else body_of[defining] = body_of[defining] whole "\n"
  } else if (match(whole, /^[ \t]*(function[ \t]+)?[A-Za-z_][A-Za-z0-9_-]*[ \t]*\(\)[ \t]*\{?[ \t]*$/)) {
    defining = whole
    gsub(/^[ \t]*(function[ \t]+)?|[ \t]*\(\).*$/, "", defining)
    body_of[defining] = ""
  } else {
    line(whole)
  }
}
END { if (pending != "") line(pending) }
