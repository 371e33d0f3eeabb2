# Runs the program that it is called by out of the joined tree $archiveUsr,
# started by the tree's own loader with the tree's own libraries. For builds whose
# host lets them have no /usr (archive-view.sh, third way).
#
# Written behind three variables: archiveUsr, programs (where its names are), busybox.
PATH_BEFORE=$PATH
PATH="$busybox/bin"

# Follows links inside the tree; those to /usr mean the tree.
resolve() {
  at=$1
  steps=0
  while [ -L "$at" ] && [ $steps -lt 20 ]; do
    steps=$((steps + 1))
    to=$(readlink "$at")
    case "$to" in
      /usr/*) at="$archiveUsr${to#/usr}" ;;
      /bin/* | /sbin/* | /lib/* | /lib64/*) at="$archiveUsr$to" ;;
      /*) at=$to ;;
      *) at="${at%/*}/$to" ;;
    esac
  done
  printf %s "$at"
}

name=${0##*/}
program=$(resolve "$archiveUsr/bin/$name")
[ -e "$program" ] || program=$(resolve "$archiveUsr/sbin/$name")
if [ ! -e "$program" ]; then
  echo "$name: not found in $archiveUsr" >&2
  exit 127
fi

# Interpreters find their libraries from where they are; tell them.
case "$name" in
  python3*) export PYTHONHOME="$archiveUsr" PYTHONPATH="$archiveUsr/lib/python3/dist-packages${PYTHONPATH:+:$PYTHONPATH}" ;;
  perl*)
    for directory in "$archiveUsr"/share/perl5 "$archiveUsr"/lib/*/perl5/* "$archiveUsr"/lib/*/perl/* "$archiveUsr"/share/perl/* "$archiveUsr"/lib/*/perl-base; do
      [ ! -d "$directory" ] || PERL5LIB="${PERL5LIB:+$PERL5LIB:}$directory"
    done
    export PERL5LIB
    ;;
esac

first=$(head -c 2 "$program")
if [ "$first" = "#!" ]; then
  read -r line <"$program"
  line=${line#"#!"}
  set -f
  # shellcheck disable=SC2086
  set -- $line -- "$program" "$@"
  set +f
  interpreter=${1##*/}
  shift
  if [ "$interpreter" = env ]; then
    interpreter=${1##*/}
    shift
  fi
  options=
  while [ "$1" != -- ]; do
    options="$options $1"
    shift
  done
  shift
  PATH=$PATH_BEFORE
  if [ -e "$programs/$interpreter" ]; then exec "$programs/$interpreter" $options "$@"; fi
  exec "$busybox/bin/$interpreter" $options "$@"
fi

libraries=
for directory in "$archiveUsr"/lib/*-linux-gnu* "$archiveUsr"/lib "$archiveUsr"/lib64; do
  [ ! -d "$directory" ] || libraries="${libraries:+$libraries:}$directory"
done
for loader in "$archiveUsr"/lib64/ld-linux* "$archiveUsr"/lib/ld-linux*; do
  [ ! -e "$loader" ] || break
done
PATH=$PATH_BEFORE
exec "$loader" --library-path "$libraries" --argv0 "$name" "$program" "$@"
