-- Each event carries its sender's HMAC (platform/events/signing.ts). Nullable: what was written before has none.
alter table event_log add column key_id text, add column signature text;

-- From this transaction on an event without a signature is not ours.
alter table log_identity add column signed_from xid8;
update log_identity set signed_from = pg_current_xact_id();
alter table log_identity alter column signed_from set not null;

-- What a consumer handles, so that others can tell how far it is behind without asking it.
alter table log_cursor add column types text[] not null default '{}';
