-- What was done about accounts, for ever. Each row holds the hash of the one before (audit/chain.ts says over what), so
-- that none can be changed or taken out without a trace. Ids and networks only: whoever is erased is not named here.
create table audit_entry (
  position       bigint primary key,
  id             text not null unique,
  at             timestamptz(3) not null,
  action         text not null check (action ~ '^[A-Z_]+$'),
  actor_id       text not null,
  user_id        text,
  object_id      text,
  address        text,
  correlation_id text not null,
  -- JSON as it was hashed: jsonb would write it otherwise.
  details        text not null,
  previous_hash  text not null check (previous_hash ~ '^[0-9a-f]{64}$'),
  hash           text not null check (hash ~ '^[0-9a-f]{64}$')
);
create index audit_entry_of_user on audit_entry (user_id, position);
create index audit_entry_of_actor on audit_entry (actor_id, position);
create index audit_entry_by_action on audit_entry (action, position);
create index audit_entry_by_time on audit_entry (at);

-- The end of the chain. Whoever appends locks it.
create table audit_head (
  one      boolean primary key check (one),
  position bigint not null,
  hash     text not null
);
insert into audit_head values (true, 0, repeat('0', 64));

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is only ever added to' using errcode = 'object_not_in_prerequisite_state';
end $$;
create trigger audit_entry_stays before update or delete on audit_entry
  for each row execute function refuse_audit_change();
create trigger audit_entry_stays_whole before truncate on audit_entry
  for each statement execute function refuse_audit_change();
create trigger audit_head_stays before delete or truncate on audit_head
  for each statement execute function refuse_audit_change();
create trigger audit_head_goes_on before update on audit_head
  for each row when (new.position is distinct from old.position + 1) execute function refuse_audit_change();
