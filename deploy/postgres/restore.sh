#!/bin/sh
# A database as it was at a time, from an archive of back-up.sh, into the empty folder PGDATA. For PostgreSQL's own
# image, as the user postgres, while no server runs on PGDATA.
#
#   restore.sh ARCHIVE 2026-11-30T12:00:00Z
#   restore.sh ARCHIVE                        to the end of the archive
#
# Gives Agora's event log a new generation, so that clients' cursors from after that time are refused. PGUSER (agora) is
# the superuser, PGDATABASE (agora) the database.
set -eu
umask 077
archive=$1 to=${2:-}
scripts=$(CDPATH='' cd "$(dirname "$0")" && pwd)
: "${PGDATA:?}"
export PGUSER="${PGUSER:-agora}" PGDATABASE="${PGDATABASE:-agora}"

mkdir -p "$PGDATA"
if [ -n "$(ls -A "$PGDATA")" ]; then
  echo "$PGDATA is not empty: nothing was restored" >&2
  exit 1
fi

case $to in
'') until= ;;
????-??-??T??:??*Z | ????-??-??T??:??*[+-]??:??) until=$(date -u -d "$to" +%Y%m%dT%H%M%SZ) ;;
*)
  echo "\"$to\" is no time with its zone: say for example 2026-11-30T12:00:00Z" >&2
  exit 1
  ;;
esac

# The newest base backup that was whole by then.
backup=
for each in $(find "$archive/base" -mindepth 1 -maxdepth 1 -type d -name '????????T??????Z' | sort); do
  if [ -z "$until" ] || expr "${each##*/}" '<' "$until" > /dev/null; then backup=$each; fi
done
if [ -z "$backup" ]; then
  echo "$archive has no base backup that was whole before ${to:-now}" >&2
  exit 1
fi

sockets=$(mktemp -d)
log=$sockets/log
restored=
# Nothing is left of a restore that fails: what was replayed half-way is no database. One that was killed leaves a folder
# that no server starts on: it has recovery.signal, and no restore_command.
end() {
  [ ! -e "$PGDATA/postmaster.pid" ] || pg_ctl --silent --mode immediate stop || true
  [ -n "$restored" ] || find "$PGDATA" -mindepth 1 -delete
  rm -rf "$sockets"
}
trap end EXIT
trap 'exit 1' HUP INT TERM
refuse() {
  [ ! -e "$log" ] || cat "$log" >&2
  echo "$1: nothing was restored, and $PGDATA is empty as before" >&2
  exit 1
}

echo "restoring $backup, to ${to:-the end of the archive}"
pg_verifybackup --quiet "$backup" || refuse "$backup is not as it was written"
cp -a "$backup/." "$PGDATA/"
chmod 700 "$PGDATA"
touch "$PGDATA/recovery.signal"
options="-c listen_addresses='' -c unix_socket_directories='$sockets' -c hot_standby=off"
options="$options -c recovery_target_action=promote -c recovery_target_timeline=current"
# The new timeline's history goes into the archive: a second restore from it then takes another timeline.
options="$options -c archive_mode=on -c \"archive_command=sh '$scripts/archive-wal.sh' '$archive/wal' '%p' '%f'\""
options="$options -c \"restore_command=sh '$scripts/restore-wal.sh' '$archive/wal' '%f' '%p'\""
# PostgreSQL reads its settings before it knows abbreviations of zones, and Z is one to it.
case $to in *Z) target=${to%Z}+00:00 ;; *) target=$to ;; esac
[ -z "$to" ] || options="$options -c \"recovery_target_time=$target\""

pg_ctl --silent --wait --timeout 3600 --log "$log" --options "$options" start || refuse 'PostgreSQL did not start'
# That was the start of the replay. Connections are taken at its end.
until pg_isready --quiet --host "$sockets"; do
  pg_ctl status > "$sockets/status" || refuse 'the log was not replayed to its end'
  sleep 1
done
if [ -z "$to" ]; then
  # PostgreSQL takes a gap for the end.
  missing=$(sed -n 's/^not in the archive: \([0-9A-F]\{24\}\)$/\1/p' "$log" | tail -n 1)
  for segment in $(find "$archive/wal" -name "${missing%????????????????}*.gz" | sed -n 's|.*/\([0-9A-F]\{24\}\).gz$|\1|p'); do
    if expr "$segment" '>' "$missing" > /dev/null; then
      refuse "$archive/wal/$missing.gz is missing, and later segments are there; say a time before it"
    fi
  done
fi
psql --host "$sockets" --quiet --no-psqlrc --set ON_ERROR_STOP=1 --command \
  "update platform.log_identity set generation = substr(md5(gen_random_uuid()::text), 1, 8)"
pg_ctl --silent --wait stop
restored=yes
grep 'last completed transaction' "$log" | tail -n 1 || true
echo "restored: start PostgreSQL on $PGDATA, and take a base backup of it"
