-- A saga is told where it comes from (platform/sagas/enqueue.ts), so that what it does can be followed back to the
-- request that started it. Code of before calls with five arguments, as it did; who had the right to call keeps it.
do $$
declare
  callers name[];
  caller name;
begin
  select array_agg(r.rolname) into callers
    from pg_proc p cross join aclexplode(p.proacl) a join pg_roles r on r.oid = a.grantee
   where p.pronamespace = 'platform'::regnamespace and p.proname = 'start_saga' and r.oid <> p.proowner;

  drop function start_saga(text, text, json, text, text);
  create function start_saga(name text, id text, input json, queue text, version text, origin json default '{}')
  returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
  begin
    if not starts_with(id, name || ':') then
      raise exception 'the id of a saga begins with its name: % does not begin with %:', id, name;
    end if;
    perform dbos.enqueue_workflow(workflow_name => name, queue_name => queue, workflow_id => id,
      positional_args => array[input, origin], app_version => version);
  end $body$;
  revoke execute on function start_saga from public;

  foreach caller in array coalesce(callers, '{}') loop
    execute format('grant execute on function start_saga to %I', caller);
  end loop;
end $$;
