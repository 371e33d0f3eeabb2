# The phases of `stdenv.mkDerivation`, for derivations without a buildCommand:
# unpack, patch, configure, build, check, install, fixup, each replaceable by
# an attribute of its name and surrounded by hooks.
#
# Read by setup.sh. Enough for scripts and small programs; there is no compiler
# unless nativeBuildInputs brings one.

unpackFile() {
  if [ -d "$1" ]; then
    unpackFile_name=${1##*/}
    # Without the hash: /nix/store/HASH-name
    case "$1" in "$NIX_STORE"/*) unpackFile_name=${unpackFile_name#*-} ;; esac
    copyTree "$1" "$unpackFile_name"
    return
  fi
  case "$1" in
    *.tar) tar -xf "$1" ;;
    *.tar.gz | *.tgz) gzip -dc "$1" | tar -xf - ;;
    *.tar.xz | *.txz) xz -dc "$1" | tar -xf - ;;
    *.tar.bz2 | *.tbz2) bzip2 -dc "$1" | tar -xf - ;;
    *.tar.zst) zstd -dc "$1" | tar -xf - ;;
    *.zip) unzip -q "$1" ;;
    *) die "do not know how to unpack $1 (set dontUnpack = true to use \$src as it is)" ;;
  esac
}

unpackDefault() {
  for unpack_file in ${srcs:-$src}; do unpackFile "$unpack_file"; done
  if [ -z "${sourceRoot-}" ]; then
    for unpack_entry in *; do
      [ ! -d "$unpack_entry" ] || { sourceRoot=$unpack_entry; break; }
    done
  fi
  chmod -R u+w "${sourceRoot:-.}"
}

patchDefault() {
  for patch_file in ${patches-}; do
    echo "applying patch $patch_file"
    patch -p1 <"$patch_file"
  done
}

makefile() { [ -e Makefile ] || [ -e makefile ] || [ -e GNUmakefile ] || [ -n "${makefileName-}" ]; }

configureDefault() {
  if [ -x ./configure ] || [ -n "${configureScript-}" ]; then
    ${configureScript:-./configure} "--prefix=$out" ${configureFlags-}
  fi
}
buildDefault() { if makefile; then make ${makeFlags-} ${buildFlags-}; fi; }
checkDefault() { if makefile; then make ${makeFlags-} ${checkTarget:-check}; fi; }
installDefault() { if makefile; then make "PREFIX=$out" "prefix=$out" ${makeFlags-} ${installTargets:-install}; fi; }
fixupDefault() {
  for fixup_output in ${outputs:-out}; do
    eval "fixup_path=\$$fixup_output"
    [ ! -d "$fixup_path/bin" ] || [ -n "${dontPatchShebangs-}" ] || patchShebangs "$fixup_path/bin"
  done
}

# phase NAME Name: the attribute NAMEPhase, or NAMEDefault, between its hooks
phase() {
  runHook "pre$2"
  eval "phase_code=\${$1Phase-}"
  if [ -n "$phase_code" ]; then eval "$phase_code"; else "$1Default"; fi
  runHook "post$2"
}

wants() {
  eval "wants_dont=\${dont$1-}"
  [ -z "$wants_dont" ]
}

if [ -n "${phases-}" ]; then
  for one in $phases; do
    one=${one%Phase}
    phase "$one" "$(printf %s "$one" | awk '{ print toupper(substr($0, 1, 1)) substr($0, 2) }')"
  done
  exit 0
fi

if wants Unpack && [ -n "${src-}${srcs-}${unpackPhase-}" ]; then
  phase unpack Unpack
  cd "${sourceRoot:-.}"
fi
! wants Patch || phase patch Patch
! wants Configure || phase configure Configure
! wants Build || phase build Build
[ -z "${doCheck-}" ] || phase check Check
! wants Install || phase install Install
! wants Fixup || phase fixup Fixup
