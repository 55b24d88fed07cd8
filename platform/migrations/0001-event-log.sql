-- The event log (platform/events/event-log.ts). By range of xid, the reader's first key, so that reads leave old
-- partitions out and old partitions can be dropped whole.
create table event_log (
  position          bigint generated always as identity,
  xid               xid8 not null default pg_current_xact_id(),
  id                uuid not null,
  type              text not null,
  source            text not null,
  aggregate_type    text not null,
  aggregate_id      text not null,
  aggregate_version int not null,
  correlation_id    text,
  causation_id      uuid,
  payload           jsonb not null,
  at                timestamptz(3) not null default clock_timestamp(),
  primary key (xid, position)
) partition by range (xid);

-- One aggregate's history, for a subscription that starts at its beginning.
create index event_log_aggregate on event_log (aggregate_id, xid, position);

-- The first partitions; platform/events/partitions.ts makes the ones to come. No DEFAULT partition: with one, a
-- partition cannot be detached concurrently.
do $$
declare
  width constant numeric := 10000000;
  current numeric := floor(pg_snapshot_xmax(pg_current_snapshot())::text::numeric / width);
begin
  for i in 0..2 loop
    execute format('create table event_log_%s partition of event_log for values from (%L) to (%L)',
      current + i, (current + i) * width, (current + i + 1) * width);
  end loop;
end $$;

-- What names this log: a restored one gets a new generation, so that cursors of the old one are refused.
create table log_identity (
  only_row   boolean primary key default true check (only_row),
  generation text not null,
  oldest_xid xid8 not null
);
insert into log_identity (generation, oldest_xid) values (substr(md5(gen_random_uuid()::text), 1, 8), '0');

-- Where each consumer stands. Hot rows: room to update in place, and vacuum early.
create table log_cursor (
  consumer text primary key,
  xid      xid8 not null,
  position bigint not null,
  moved_at timestamptz(3) not null default now()
) with (fillfactor = 20, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);

-- Events whose handler failed, and the later ones of their aggregate, for that consumer only.
create table parked_event (
  consumer      text not null,
  aggregate_key text not null,
  xid           xid8 not null,
  position      bigint not null,
  event         jsonb not null,
  state         text not null check (state in ('WAITING', 'DEAD')),
  attempts      int not null default 0,
  next_at       timestamptz(3) not null default now(),
  error         text,
  primary key (consumer, aggregate_key, xid, position)
);
create index parked_event_due on parked_event (consumer, next_at) where state = 'WAITING';
