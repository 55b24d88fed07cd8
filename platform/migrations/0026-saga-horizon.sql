-- Since when there may be sagas that have not ended: the start of the oldest, written by orchestration. What guards the
-- steps of sagas (platform/data/idempotency.ts) and is older guards nothing any more. Without a row, nothing is.
create table saga_horizon (
  one   boolean primary key default true check (one),
  since timestamptz(3) not null
);
