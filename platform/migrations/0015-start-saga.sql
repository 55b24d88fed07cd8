-- How an agent starts a saga (platform/sagas/enqueue.ts): with the rights of whoever owns the engine's tables, so that an
-- agent's own role needs none on them. The engine's function is looked up at the call: its tables are made later.
create function start_saga(name text, id text, input json, queue text, version text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not starts_with(id, name || ':') then
    raise exception 'the id of a saga begins with its name: % does not begin with %:', id, name;
  end if;
  perform dbos.enqueue_workflow(workflow_name => name, queue_name => queue, workflow_id => id,
    positional_args => array[input], app_version => version);
end $$;
revoke execute on function start_saga from public;
