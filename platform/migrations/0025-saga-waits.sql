-- A saga that must wait longer than a moment is parked (platform/sagas/in-hand.ts): no worker has it in hand, and the
-- engine has it as DELAYED. What it waits for, a row for each step.
create table saga_wait (
  saga_id  text not null,
  step     text not null,
  -- How often the step has failed.
  attempts int not null,
  -- When it goes on by itself, and the step is tried again.
  until    timestamptz(3) not null,
  -- It goes on at once when a message of this topic comes, or when this saga has ended.
  topic    text,
  child    text,
  -- What it failed for is a thing that passes for all at once: an agent or a database that is away.
  is_transient boolean not null default false,
  primary key (saga_id, step)
);
create index saga_wait_transient on saga_wait (step) where is_transient;
create index saga_wait_failed on saga_wait (saga_id) where attempts > 0;
create index saga_wait_child on saga_wait (child) where child is not null;

-- In which queue the sagas of a name wait for a worker: written by the workers, as the sagas are defined.
create table saga_queue (
  saga  text primary key,
  queue text not null
);

-- What a saga is told, for which it goes on at once. Told under the lock of its row: so a saga that is being parked
-- meanwhile is either told before, and stays, or is parked before, and is woken.
create function signal_saga(id text, topic text, message json, key text, queue text default null) returns void
language plpgsql as $$
begin
  perform from dbos.workflow_status s where s.workflow_uuid = id for no key update;
  if not found then return; end if;
  perform dbos.send_message(id, message, topic, key);
  perform platform.wake_saga(id, queue);
end $$;

-- Back into a queue: the given one, or its own.
create function wake_saga(id text, queue text default null) returns void
language plpgsql as $$
declare
  chosen text := coalesce(wake_saga.queue,
    (select q.queue from platform.saga_queue q where q.saga = split_part(id, ':', 1)), 'sagas');
begin
  update dbos.workflow_status s
     set status = 'ENQUEUED', delay_until_epoch_ms = null, queue_name = chosen, authenticated_user = chosen,
         updated_at = (extract(epoch from now()) * 1000)::bigint
   where s.workflow_uuid = id and s.status = 'DELAYED';
end $$;

-- Parks a saga that a worker has in hand, unless it has been told something for which it would go on at once. The engine
-- hands a run `authenticated_user`, and we have no other use for it: it says that the saga was parked before, and by which
-- queue it comes back.
create function park_saga(id text, executor text, until_ms bigint, queue text, topics text[], waits json) returns text
language plpgsql as $$
begin
  perform from dbos.workflow_status s
    where s.workflow_uuid = id and s.status = 'PENDING' and s.executor_id = executor for no key update;
  if not found then return 'LOST'; end if;
  if exists (select from dbos.notifications n
              where n.destination_uuid = id and not n.consumed and n.topic = any (topics)) then return 'MESSAGE_WAITING'; end if;
  insert into platform.saga_wait (saga_id, step, attempts, until, topic, child, is_transient)
  select id, w.step, w.attempts, w.until, w.topic, w.child, coalesce(w.is_transient, false)
    from json_to_recordset(waits) as w (step text, attempts int, until timestamptz, topic text, child text, is_transient boolean)
  on conflict (saga_id, step) do update
    set attempts = excluded.attempts, until = excluded.until, topic = excluded.topic, child = excluded.child,
        is_transient = excluded.is_transient;
  update dbos.workflow_status s
     set status = 'DELAYED', delay_until_epoch_ms = until_ms, owner_xid = null, started_at_epoch_ms = null,
         recovery_attempts = 0, queue_name = queue, authenticated_user = queue,
         updated_at = (extract(epoch from now()) * 1000)::bigint
   where s.workflow_uuid = id;
  return 'PARKED';
end $$;

-- The queue is the saga's own, whichever the caller names: who starts a saga need not know it.
create or replace function start_saga(name text, id text, input json, queue text, version text, origin json default '{}')
returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not starts_with(id, name || ':') then
    raise exception 'the id of a saga begins with its name: % does not begin with %:', id, name;
  end if;
  perform dbos.enqueue_workflow(workflow_name => name, workflow_id => id,
    queue_name => coalesce((select q.queue from platform.saga_queue q where q.saga = name), queue),
    positional_args => array[input, origin], app_version => version);
end $$;
