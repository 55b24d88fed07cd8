-- A changed saga is started under a new name beside the old (`placeOrder.v2`), and the ids of both begin with their kind
-- (platform/sagas/enqueue.ts): whoever knows an order knows the saga that places it, of whichever release.
create or replace function start_saga(name text, id text, input json, queue text, version text, origin json default '{}')
returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  kind text := regexp_replace(name, '\.v[0-9]+$', '');
begin
  if not starts_with(id, kind || ':') then
    raise exception 'the id of a saga begins with its kind: % does not begin with %:', id, kind;
  end if;
  perform dbos.enqueue_workflow(workflow_name => name, workflow_id => id,
    queue_name => coalesce((select q.queue from platform.saga_queue q where q.saga = name), queue),
    positional_args => array[input, origin], app_version => version);
end $$;

-- Back into a queue: the given one, or that of its name.
create or replace function wake_saga(id text, queue text default null) returns void
language plpgsql as $$
declare
  chosen text := coalesce(wake_saga.queue,
    (select q.queue from dbos.workflow_status s join platform.saga_queue q on q.saga = s.name where s.workflow_uuid = id),
    'sagas');
begin
  update dbos.workflow_status s
     set status = 'ENQUEUED', delay_until_epoch_ms = null, queue_name = chosen, authenticated_user = chosen,
         updated_at = (extract(epoch from now()) * 1000)::bigint
   where s.workflow_uuid = id and s.status = 'DELAYED';
end $$;
