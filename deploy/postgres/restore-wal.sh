#!/bin/sh
# PostgreSQL's restore_command: gets one segment of the write-ahead log out of the archive.
#
#   restore_command = 'sh restore-wal.sh ARCHIVE "%f" "%p"'
#
# Exits with 1 when the archive does not have it: there the log ends, PostgreSQL believes. So a segment that is there
# and cannot be read exits with 200: above 128 PostgreSQL gives up instead.
set -u
file=$1/$2.gz

if [ ! -e "$file" ]; then
  echo "not in the archive: $2" >&2
  exit 1
fi
gzip -dc "$file" > "$3" || {
  echo "cannot be read: $file" >&2
  exit 200
}
