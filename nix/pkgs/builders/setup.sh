# The shell that builds run in: search path, tools, phases, and the functions
# that build scripts are used to. busybox sh, and bash where a build brings it.
#
# For: derivations of derivation.nix. Their attributes are in the environment.
# Not for: anything that runs in a container.
set -eu
set -o pipefail
# Scripts test variables that may be unset, as everywhere in this language.
set +u

[ -n "${archiveViewDone-}" ] && [ -n "${BASH_VERSION-}" ] || export PATH="$busybox/bin"
export NIX_BUILD_TOP="${NIX_BUILD_TOP:-$PWD}"
export TMPDIR="${TMPDIR:-$NIX_BUILD_TOP}" HOME="${HOME:-/homeless-shelter}"
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-315532800}" LC_ALL="${LC_ALL:-C.UTF-8}" TZ=UTC
umask 022

# Programs of the archive look for /usr and /lib64: give them a view that has both.
if [ -n "$archiveUsr" ]; then . "$archiveViewScript"; fi

# A build that brings bash gets it as its shell.
if [ -n "$archiveUsr" ] && [ -z "${BASH_VERSION-}" ] && [ -e "$archiveUsr/bin/bash" ]; then
  export archiveViewDone=1
  exec bash -e "$setupScript"
fi

for input in $nativeBuildInputs $buildInputs $propagatedBuildInputs $nativeCheckInputs; do
  for directory in "$input/bin" "$input/sbin"; do
    [ ! -d "$directory" ] || PATH="$directory:$PATH"
  done
done

runHook() {
  eval "runHook_code=\${$1-}"
  if [ -n "$runHook_code" ]; then eval "$runHook_code"; fi
}

die() {
  echo "$name: $*" >&2
  exit 1
}

# Every store file is read-only; a working copy must not be.
copyTree() {
  cp -R "$1" "$2"
  chmod -R u+w "$2"
}

# --- functions that build scripts call ---------------------------------------

# install [-d] [-D] [-m MODE] [-t DIR] SOURCE… TARGET, the options that scripts use
command -v install >/dev/null 2>&1 || install() {
  install_mode=755 install_parents= install_to= install_directories=
  while [ $# -gt 0 ]; do
    case "$1" in
      -d) install_directories=1 ;;
      -D) install_parents=1 ;;
      -m) install_mode=$2; shift ;;
      -Dm) install_parents=1 install_mode=$2; shift ;;
      -dm) install_directories=1 install_mode=$2; shift ;;
      -Dm*) install_parents=1 install_mode=${1#-Dm} ;;
      -m*) install_mode=${1#-m} ;;
      -t) install_to=$2; shift ;;
      -Dt) install_parents=1 install_to=$2; shift ;;
      --) shift; break ;;
      -*) ;;
      *) break ;;
    esac
    shift
  done
  if [ -n "$install_directories" ]; then
    mkdir -p "$@" && chmod "$install_mode" "$@"
    return
  fi
  if [ -z "$install_to" ] && [ $# -eq 2 ] && [ ! -d "$2" ]; then
    [ -z "$install_parents" ] || mkdir -p "$(dirname "$2")"
    cp "$1" "$2" && chmod "$install_mode" "$2"
    return
  fi
  if [ -z "$install_to" ]; then
    for install_to in "$@"; do :; done
  fi
  [ -z "$install_parents" ] || mkdir -p "$install_to"
  for install_file in "$@"; do
    [ "$install_file" != "$install_to" ] || continue
    cp "$install_file" "$install_to/" && chmod "$install_mode" "$install_to/${install_file##*/}"
  done
}

# Replaces the words that the options name; reads $1, writes $2.
substitute() {
  substitute_in=$1 substitute_out=$2
  shift 2
  cp "$substitute_in" "$NIX_BUILD_TOP/.substitute"
  chmod u+w "$NIX_BUILD_TOP/.substitute"
  while [ $# -gt 0 ]; do
    case "$1" in
      --replace | --replace-fail | --replace-quiet | --replace-warn)
        if ! grep -qF -- "$2" "$NIX_BUILD_TOP/.substitute"; then
          case "$1" in
            --replace-fail) die "substitute: ‘$2’ does not occur in $substitute_in" ;;
            --replace-quiet) ;;
            *) echo "warning: substitute: ‘$2’ does not occur in $substitute_in" >&2 ;;
          esac
        fi
        from=$2 to=$3 awk -f "$replaceAwk" "$NIX_BUILD_TOP/.substitute" >"$NIX_BUILD_TOP/.substituted"
        shift 3
        ;;
      --subst-var)
        eval "substitute_value=\${$2-}"
        from="@$2@" to="$substitute_value" awk -f "$replaceAwk" "$NIX_BUILD_TOP/.substitute" >"$NIX_BUILD_TOP/.substituted"
        shift 2
        ;;
      --subst-var-by)
        from="@$2@" to="$3" awk -f "$replaceAwk" "$NIX_BUILD_TOP/.substitute" >"$NIX_BUILD_TOP/.substituted"
        shift 3
        ;;
      *) die "substitute: unknown option $1" ;;
    esac
    mv "$NIX_BUILD_TOP/.substituted" "$NIX_BUILD_TOP/.substitute"
  done
  cat "$NIX_BUILD_TOP/.substitute" >"$substitute_out"
}

substituteInPlace() {
  substituteInPlace_files=
  while [ $# -gt 0 ] && [ "${1#--}" = "$1" ]; do
    substituteInPlace_files="$substituteInPlace_files $1"
    shift
  done
  for substituteInPlace_file in $substituteInPlace_files; do
    substitute "$substituteInPlace_file" "$substituteInPlace_file" "$@"
  done
}

# Every @word@ whose word is an attribute of the derivation.
substituteAll() {
  set -- "$1" "$2" $(grep -o '@[a-zA-Z_][a-zA-Z0-9_]*@' "$1" | sort -u | tr -d @)
  substituteAll_in=$1 substituteAll_out=$2
  shift 2
  cp "$substituteAll_in" "$NIX_BUILD_TOP/.all"
  chmod u+w "$NIX_BUILD_TOP/.all"
  for substituteAll_word in "$@"; do
    eval "substituteAll_is=\${$substituteAll_word+set}"
    [ -z "$substituteAll_is" ] || substitute "$NIX_BUILD_TOP/.all" "$NIX_BUILD_TOP/.all" --subst-var "$substituteAll_word"
  done
  cat "$NIX_BUILD_TOP/.all" >"$substituteAll_out"
}

# makeWrapper PROGRAM WRAPPER OPTION…, for the options that scripts use
makeWrapper() {
  makeWrapper_program=$1 makeWrapper_file=$2
  shift 2
  mkdir -p "$(dirname "$makeWrapper_file")"
  makeWrapper_arguments= makeWrapper_name='"$0"'
  {
    echo "#!$runtimeShell -e"
    while [ $# -gt 0 ]; do
      case "$1" in
        --set) printf "export %s='%s'\n" "$2" "$3"; shift 3 ;;
        --set-default) printf "export %s=\${%s-'%s'}\n" "$2" "$2" "$3"; shift 3 ;;
        --unset) echo "unset $2"; shift 2 ;;
        --chdir) printf "cd '%s'\n" "$2"; shift 2 ;;
        --run) echo "$2"; shift 2 ;;
        --prefix) printf "export %s='%s'\${%s:+'%s'}\$%s\n" "$2" "$4" "$2" "$3" "$2"; shift 4 ;;
        --suffix) printf "export %s=\$%s\${%s:+'%s'}'%s'\n" "$2" "$2" "$2" "$3" "$4"; shift 4 ;;
        --add-flags | --append-flags) makeWrapper_arguments="$makeWrapper_arguments $2"; shift 2 ;;
        --add-flag) makeWrapper_arguments="$makeWrapper_arguments '$2'"; shift 2 ;;
        --argv0) makeWrapper_name="'$2'"; shift 2 ;;
        --inherit-argv0) shift ;;
        *) die "makeWrapper: unknown option $1" ;;
      esac
    done
    printf "exec -a %s '%s' %s \"\$@\"\n" "$makeWrapper_name" "$makeWrapper_program" "$makeWrapper_arguments"
  } >"$makeWrapper_file"
  chmod 755 "$makeWrapper_file"
}

makeShellWrapper() { makeWrapper "$@"; }
makeBinaryWrapper() { makeWrapper "$@"; }

wrapProgram() {
  wrapProgram_hidden="$(dirname "$1")/.$(basename "$1")-wrapped"
  mv "$1" "$wrapProgram_hidden"
  wrapProgram_file=$1
  shift
  makeWrapper "$wrapProgram_hidden" "$wrapProgram_file" "$@"
}

installManPage() {
  for installManPage_file in "$@"; do
    installManPage_section=${installManPage_file%.gz}
    installManPage_section=${installManPage_section##*.}
    install -Dm644 "$installManPage_file" "$out/share/man/man$installManPage_section/${installManPage_file##*/}"
  done
}

installBin() {
  for installBin_file in "$@"; do
    install -Dm755 "$installBin_file" "$out/bin/${installBin_file##*/}"
  done
}

patchShebangs() {
  while [ $# -gt 0 ] && [ "${1#--}" != "$1" ]; do shift; done
  for patchShebangs_file in $(find "$@" -type f); do
    read -r patchShebangs_line <"$patchShebangs_file" 2>/dev/null || continue
    case "$patchShebangs_line" in
      '#!/bin/bash'* | '#!/usr/bin/env bash'* | '#!/bin/sh'* | '#!/usr/bin/env sh'*)
        sed -i "1s|.*|#!$runtimeShell|" "$patchShebangs_file"
        ;;
    esac
  done
}

# --- the build ------------------------------------------------------------------

if [ -n "${buildCommandPath-}" ]; then
  . "$buildCommandPath"
  exit 0
elif [ -n "${buildCommand-}" ]; then
  eval "$buildCommand"
  exit 0
fi
. "$phasesScript"
