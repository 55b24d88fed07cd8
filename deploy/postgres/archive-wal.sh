#!/bin/sh
# PostgreSQL's archive_command: copies one finished segment of the write-ahead log into the archive. Compressed, since
# archive_timeout has a segment finished every minute, and most of such a segment is zeros.
#
#   archive_command = 'sh archive-wal.sh ARCHIVE "%p" "%f"'
#
# Fails unless the segment is on the disk of the archive; PostgreSQL then keeps it and asks again.
set -eu
umask 077
archive=$1 path=$2 name=$3
file=$archive/$name.gz

if [ -e "$file" ]; then
  # PostgreSQL asks again for a segment when it was killed before it had noted the success.
  if gzip -dc "$file" | cmp -s - "$path"; then exit 0; fi
  echo "$file is there already, with other contents: two databases must not share an archive" >&2
  exit 1
fi

gzip -1 -c "$path" > "$file.partial"
sync "$file.partial"
mv "$file.partial" "$file"
sync "$archive"
