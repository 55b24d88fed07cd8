-- Attempts of saga steps that failed: written only then, so that a saga without faults costs nothing here. What was
-- done stands in DBOS's own tables.
create table saga_attempt (
  saga_id    text not null,
  step       text not null,
  attempts   int not null,
  last_error text not null,
  last_at    timestamptz(3) not null,
  primary key (saga_id, step)
);
