-- In the schema of every agent that has files (platform/files/): their records. The contents are in the store of files, on
-- a disk or in a bucket. A record is written before its content comes, so a content without one is nobody's.
create table file (
  id          text primary key,
  -- As its sender calls it. It is only ever given back to those who may read the file.
  name        text not null check (length(name) between 1 and 200),
  media_type  text not null,
  bytes       int not null check (bytes >= 0),
  purpose     text not null,
  -- The merchant or customer that it belongs to; null if it is the house's.
  owner_id    text,
  created_by  text not null,
  status      text not null check (status in ('AWAITED', 'UNSCANNED', 'READY', 'INFECTED', 'LOST')),
  -- Where the content is in the store. Each attempt to send it has a key of its own; that of the one that was whole first
  -- stands here, and is never another. Compared byte by byte, as the store lists its keys.
  key         text collate "C",
  sha256      text,
  -- What the virus scanner found, as it calls it.
  finding     text,
  scanned_at  timestamptz(3),
  created_at  timestamptz(3) not null,
  expires_at  timestamptz(3) not null,
  check ((status in ('AWAITED', 'INFECTED')) = (key is null)),
  check ((status = 'INFECTED') = (finding is not null))
);
create unique index file_key on file (key);
create index file_expires_at on file (expires_at, id);
create index file_awaited on file (created_by) where status = 'AWAITED';
create index file_unscanned on file (id) where status = 'UNSCANNED';
