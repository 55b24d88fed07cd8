-- What operators had done to sagas, and why: the audit. Rows are added and stay; only when the engine took one up is
-- filled in, once.
create table saga_action (
  saga_id      text not null,
  number       int not null check (number > 0),
  step         text not null,
  action       text not null check (action in ('RETRY', 'SKIP', 'COMPENSATE')),
  requested_by text not null,
  reason       text not null check (length(reason) between 1 and 500),
  at           timestamptz(3) not null,
  taken_at     timestamptz(3),
  primary key (saga_id, number)
);

create function keep_saga_action() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' then
    if old.taken_at is null and to_jsonb(new) - 'taken_at' = to_jsonb(old) - 'taken_at' then return new; end if;
  end if;
  raise exception 'saga actions are append-only: they are the audit' using errcode = 'restrict_violation';
end $$;
create trigger saga_action_is_append_only before update or delete on saga_action
  for each row execute function keep_saga_action();
create trigger saga_action_is_kept before truncate on saga_action
  for each statement execute function keep_saga_action();

-- When somebody was called to look at a step that fails and fails: once.
alter table saga_attempt add column alerted_at timestamptz(3);
