-- no transaction
-- The keys of clients alone, by which those that are too old are found (platform/data/idempotency.ts) without looking at
-- the sagas' keys, which are many more and may have to be kept for long.
create index concurrently idempotency_of_clients on idempotency (created_at)
  where not (actor = 'saga' or starts_with(actor, 'agent:'));
