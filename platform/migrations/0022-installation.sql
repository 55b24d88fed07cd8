-- How this database was begun, said once: whether demo data, with accounts whose password everybody knows, belongs in it.
create table installation (
  one       boolean primary key default true check (one),
  with_demo boolean not null,
  begun_at  timestamptz(3) not null default now()
);

-- The newest key of each ring that this database was used with, and a proof of it that tells nothing of the key: a start
-- with other keys would find what is sealed and signed here unreadable.
create table key_mark (
  variable text primary key,
  key_id   text not null,
  proof    text not null
);
