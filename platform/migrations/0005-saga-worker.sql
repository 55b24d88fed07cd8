-- The saga workers that live (platform/sagas/lease.ts). A row for each process; whose lease has run out is dead, and the
-- others take its sagas over.
create table saga_worker (
  executor   text primary key,
  instance   text not null,
  host       text not null,
  pid        int not null,
  expires_at timestamptz(3) not null
) with (fillfactor = 50);
