-- In every agent's schema: what each idempotency key led to (platform/data/idempotency.ts). Written in the transaction
-- of the effect; holds ids and user errors, never personal data.
create table idempotency (
  actor        text not null,
  operation    text not null,
  key          text not null,
  request_hash text not null,
  outcome      jsonb not null,
  created_at   timestamptz(3) not null default now(),
  primary key (actor, operation, key)
);
create index idempotency_created_at on idempotency (created_at);
