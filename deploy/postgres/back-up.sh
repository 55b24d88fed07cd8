#!/bin/sh
# A base backup of a PostgreSQL that archives its log with archive-wal.sh, and the deletion of what is too old. For
# PostgreSQL's own image, which has these programs; the server is that of PGHOST, PGUSER and so on, and has to allow
# this role to replicate.
#
#   back-up.sh ARCHIVE            once
#   back-up.sh ARCHIVE every 24   at once, and then every so many hours
#   back-up.sh ARCHIVE check 26   whether the newest one is not older than so many hours: for a health check
#
# ARCHIVE/wal has the log, and ARCHIVE/base/TIME a base backup: the time, UTC, at which it was whole. KEEP_DAYS (7) says
# how many days back a restore to any moment is possible.
set -eu
umask 077
archive=$1 mode=${2:-once} hours=${3:-24}
keep_days=${KEEP_DAYS:-7}
base=$archive/base

# The whole base backups, the oldest first.
backups() { find "$base" -mindepth 1 -maxdepth 1 -type d -name '????????T??????Z' | sort; }

back_up() {
  mkdir -p "$base"
  # Only whole ones have a name without this ending.
  rm -rf "$base"/*.partial
  partial=$base/now.partial
  pg_basebackup --pgdata "$partial" --checkpoint fast --wal-method stream --manifest-checksums SHA256 --no-password
  pg_verifybackup --quiet "$partial"
  name=$(date -u +%Y%m%dT%H%M%SZ)
  mv "$partial" "$base/$name"
  sync "$base"
  echo "backed up: $base/$name"
}

# Deletes base backups that are older than the newest one before the days kept, and the log before the oldest that stays.
prune() {
  since=$(date -u -d "$keep_days days ago" +%Y%m%dT%H%M%SZ)
  newest_before=
  for backup in $(backups); do
    if expr "${backup##*/}" '<=' "$since" > /dev/null; then newest_before=$backup; fi
  done
  for backup in $(backups); do
    if [ -z "$newest_before" ] || [ "$backup" = "$newest_before" ]; then break; fi
    mv "$backup" "$backup.partial"
    rm -rf "$backup.partial"
    echo "deleted: $backup"
  done
  oldest=$(backups | head -n 1)
  first=$(sed -n 's/^START WAL LOCATION: .*(file \([0-9A-F]*\)).*/\1/p' "$oldest/backup_label")
  pg_archivecleanup -x .gz "$archive/wal" "$first"
}

case $mode in
once)
  back_up
  prune
  ;;
every)
  # A failure is said, seen by `check`, and tried again: the container goes on.
  while :; do
    if sh "$0" "$archive"; then
      sleep $((hours * 3600))
    else
      echo 'no backup was made; it is tried again in ten minutes' >&2
      sleep 600
    fi
  done
  ;;
check)
  since=$(date -u -d "$hours hours ago" +%Y%m%dT%H%M%SZ)
  newest=$(backups | tail -n 1)
  [ -n "$newest" ] && expr "${newest##*/}" '>' "$since" > /dev/null
  ;;
*)
  echo "\"$mode\" is none of: once, every, check" >&2
  exit 2
  ;;
esac
