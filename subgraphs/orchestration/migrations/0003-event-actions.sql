-- What operators did to events and consumers. Append-only: who did what, when and why, and a discarded event whole.
create table event_action (
  id            text primary key,
  at            timestamptz(3) not null,
  by            text not null,
  action        text not null check (action in ('REDRIVE', 'DISCARD', 'REPLAY')),
  consumer      text not null,
  aggregate_key text,
  event_id      text,
  event         jsonb,
  from_cursor   text,
  to_cursor     text,
  events        int not null,
  reason        text not null
);
create index event_action_at on event_action (at, id);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit of event actions is append-only';
end $$;
create trigger event_action_stays before update or delete or truncate on event_action
  for each statement execute function refuse_change();
