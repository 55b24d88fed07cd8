-- Projections with tables of their own (platform/projections/), and their rebuilds: the version of what their rows hold;
-- null for other consumers. A rebuild fills a second set of the tables, in a schema beside the room's, by a consumer of its own
-- (`customer.orders.next`), until both sets are exchanged. `rebuild_version`: only processes of this version carry it out;
-- null: any does.
alter table log_cursor
  add column tables_version int,
  add column rebuild text check (rebuild in ('ASKED', 'RUNNING', 'GIVEN_UP')),
  add column rebuild_version int;

-- The schema of the second set: `customer_orders_next` for `customer.orders`.
create function next_schema(projection text) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$ select replace(projection, '.', '_') || '_next' $$;

-- The functions below have the rights of their owner, who may make and drop tables. A role has its own room rebuilt and
-- no other: of all schemas of rooms it has the right of usage on its own alone. Those that all roles use are no rooms.
create function check_room(projection text) returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  room constant text := split_part(projection, '.', 1);
begin
  if projection !~ '^[a-z][a-z0-9]*\.[a-z][a-z0-9]*$' or room in ('platform', 'public')
    or not has_schema_privilege(session_user, room, 'usage') then
    raise insufficient_privilege using message = format('%s may not rebuild %s', session_user, projection);
  end if;
  return room;
end $$;

-- What makes two sets of tables the same to every statement: columns, constraints and indexes, with their names.
create function shape_of(schema text, tables text[]) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select string_agg(part, E'\n' order by part) from unnest(tables) name
    join pg_class c on c.oid = to_regclass(format('%I.%I', schema, name))
   cross join lateral (
     select format('%s.%s %s %s %s %s', name, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
                   pg_get_expr(d.adbin, d.adrelid)) as part
       from pg_attribute a left join pg_attrdef d on (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     union all
     select format('%s constraint %s %s', name, conname, pg_get_constraintdef(oid)) from pg_constraint
      where conrelid = c.oid and contype <> 'n'
     union all
     select replace(pg_get_indexdef(indexrelid), format(' ON %I.', schema), ' ON ') from pg_index where indrelid = c.oid
   ) parts
$$;

-- All that was set on tables beside their shape and their policies, as the statements that set it again on others of the same
-- names and shape: forced row-level security, rights, comments, replica identity, and what the planner was told.
create function traits_of(schema text, tables text[]) returns text[]
language sql stable set search_path = pg_catalog, pg_temp as $$
  with live as (
    select c.*, format('%I.%I', schema, c.relname) as name from pg_class c
     where c.relnamespace = to_regnamespace(schema) and c.relname = any(tables) and c.relkind = 'r'),
  ind as (
    select live.name as of, i.*, c.relname, format('%I.%I', schema, c.relname) as name
      from live join pg_index i on i.indrelid = live.oid join pg_class c on c.oid = i.indexrelid),
  col as (
    select live.name as of, live.relowner, a.* from live join pg_attribute a on a.attrelid = live.oid
     where a.attnum > 0 and not a.attisdropped),
  granted as (
    select name as of, '' as columns, a.* from live cross join aclexplode(relacl) a where a.grantee <> relowner
    union all
    select of, format(' (%I)', attname), a.* from col cross join aclexplode(attacl) a where a.grantee <> relowner),
  statement(place, text) as (
    select 1, format('alter table %s force row level security', name) from live where relforcerowsecurity
    union all
    select 2, format('grant %s%s on %s to %s%s', privilege_type, columns, of,
             case when grantee = 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end,
             case when is_grantable then ' with grant option' else '' end) from granted
    union all
    select 3, format('alter table %s set (%s)', live.name, option)
      from live join pg_class t on t.oid = live.reltoastrelid cross join unnest(t.reloptions) set_option
     cross join lateral (values ('toast.' || set_option)) o (option)
    union all
    select 4, format('alter table %s cluster on %I', of, relname) from ind where indisclustered
    union all
    select 4, format('alter table %s replica identity using index %I', of, relname) from ind where indisreplident
    union all
    select 4, format('alter table %s replica identity %s', name, case relreplident when 'f' then 'full' else 'nothing' end)
      from live where relreplident in ('f', 'n')
    union all
    select 5, format('alter table %s alter column %I set statistics %s', of, attname, attstattarget)
      from col where attstattarget is not null
    union all
    select 5, format('alter table %s alter column %I set (%s)', of, attname, option)
      from col cross join unnest(attoptions) option
    union all
    select 5, format('alter index %s alter column %s set statistics %s', ind.name, a.attnum, a.attstattarget)
      from ind join pg_attribute a on a.attrelid = ind.indexrelid where a.attstattarget is not null
    union all
    -- The copies of these have names of their own, and go with the second set's schema.
    select 6, pg_get_statisticsobjdef(s.oid) from live join pg_statistic_ext s on s.stxrelid = live.oid
    union all
    select 7, format('alter statistics %I.%I set statistics %s', s.stxnamespace::regnamespace, s.stxname, s.stxstattarget)
      from live join pg_statistic_ext s on s.stxrelid = live.oid where s.stxstattarget is not null
    union all
    select 8, format('comment on table %s is %L', name, obj_description(oid, 'pg_class')) from live
     where obj_description(oid, 'pg_class') is not null
    union all
    select 8, format('comment on index %s is %L', name, obj_description(indexrelid, 'pg_class')) from ind
     where obj_description(indexrelid, 'pg_class') is not null
    union all
    select 8, format('comment on constraint %I on %s is %L', k.conname, live.name, obj_description(k.oid, 'pg_constraint'))
      from live join pg_constraint k on k.conrelid = live.oid where obj_description(k.oid, 'pg_constraint') is not null
    union all
    select 8, format('comment on policy %I on %s is %L', p.polname, live.name, obj_description(p.oid, 'pg_policy'))
      from live join pg_policy p on p.polrelid = live.oid where obj_description(p.oid, 'pg_policy') is not null
    union all
    select 8, format('comment on statistics %I.%I is %L', s.stxnamespace::regnamespace, s.stxname,
             obj_description(s.oid, 'pg_statistic_ext'))
      from live join pg_statistic_ext s on s.stxrelid = live.oid where obj_description(s.oid, 'pg_statistic_ext') is not null)
  select coalesce(array_agg(text order by place, text), '{}') from statement
$$;

-- Drops the second set of a projection's tables, and its consumer.
create function drop_rebuild(projection text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform platform.check_room(projection);
  execute format('drop schema if exists %I cascade', platform.next_schema(projection));
  delete from platform.parked_event where consumer = projection || '.next';
  delete from platform.log_cursor where consumer = projection || '.next';
end $$;

-- Makes the second set, empty, with the same columns, constraints and indexes by the same names. Policies and rights of
-- readers come with the exchange: until then nobody reads it.
create function begin_rebuild(projection text, tables text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  room constant text := platform.check_room(projection);
  next constant text := platform.next_schema(projection);
  name text;
  live regclass;
  part record;
begin
  perform platform.drop_rebuild(projection);
  execute format('create schema %I', next);
  foreach name in array tables loop
    live := format('%I.%I', room, name)::regclass;
    -- These would tie other tables to the old set.
    if exists (select from pg_constraint where contype = 'f' and live in (conrelid, confrelid))
      or exists (select from pg_trigger where tgrelid = live and not tgisinternal)
      or exists (select from pg_depend where refclassid = 'pg_class'::regclass and refobjid = live
                    and classid = 'pg_rewrite'::regclass)
      or exists (select from pg_attrdef a join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.objid = a.oid
                   join pg_class s on d.refclassid = 'pg_class'::regclass and s.oid = d.refobjid and s.relkind = 'S'
                  where a.adrelid = live) then
      raise object_not_in_prerequisite_state using message = format(
        'the table %s has a foreign key, a trigger, a view or a sequence of its own, and cannot be rebuilt', live);
    end if;
    execute format('create table %I.%I (like %s including all excluding indexes)', next, name, live);
    for part in select unnest(reloptions) as option from pg_class where oid = live loop
      execute format('alter table %I.%I set (%s)', next, name, part.option);
    end loop;
    for part in select conname, pg_get_constraintdef(oid) as def from pg_constraint
                 where conrelid = live and contype in ('p', 'u', 'x') loop
      execute format('alter table %I.%I add constraint %I %s', next, name, part.conname, part.def);
    end loop;
    for part in select pg_get_indexdef(i.indexrelid) as def from pg_index i
                 where i.indrelid = live and not exists (select from pg_constraint where conindid = i.indexrelid) loop
      execute replace(part.def, format(' ON %I.%I USING ', room, name), format(' ON %I.%I USING ', next, name));
    end loop;
    -- The definitions of keys leave out the options of their indexes.
    for part in select i.relname as index, unnest(i.reloptions) as option
                  from pg_index join pg_class i on i.oid = indexrelid where indrelid = live loop
      execute format('alter index %I.%I set (%s)', next, part.index, part.option);
    end loop;
  end loop;
  execute format('grant usage on schema %I to %I', next, session_user);
  execute format('grant select, insert, update, delete on all tables in schema %I to %I', next, session_user);
end $$;

-- Exchanges both sets: drops the old one, puts the second in its place with all that was set on the old one, and ends its
-- consumer. Readers wait for the commit, and then read the new one.
create function finish_rebuild(projection text, tables text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  room constant text := platform.check_room(projection);
  next constant text := platform.next_schema(projection);
  live constant text := (select string_agg(format('%I.%I', room, name), ', ' order by name) from unnest(tables) name);
  name text;
  statement text;
  statements text[];
begin
  execute format('lock table %s in access exclusive mode', live);
  if platform.shape_of(room, tables) is distinct from platform.shape_of(next, tables) then
    raise object_not_in_prerequisite_state using message = format('the tables of %s were changed meanwhile', projection);
  end if;
  statements := array(
    select format('create policy %I on %I.%I as %s for %s to %s%s%s', policyname, schemaname, tablename, permissive, cmd,
             (select string_agg(case when role = 'public' then role::text else quote_ident(role) end, ', ')
                from unnest(roles) role),
             ' using (' || qual || ')', ' with check (' || with_check || ')')
      from pg_policies where schemaname = room and tablename = any(tables)
    union all
    select format('alter table %s enable row level security', oid::regclass) from pg_class
     where relrowsecurity and relnamespace = to_regnamespace(room) and relname = any(tables)) || platform.traits_of(room, tables);
  execute format('drop table %s', live);
  foreach name in array tables loop
    execute format('alter table %I.%I set schema %I', next, name, room);
  end loop;
  -- The role that filled the second set has rights on it, which it need not have had on the old one.
  for statement in
    select distinct format('revoke all on %s from %s', c.oid::regclass,
             case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end)
      from pg_class c cross join lateral aclexplode(c.relacl) a
     where c.relnamespace = to_regnamespace(room) and c.relname = any(tables) and a.grantee <> c.relowner
  loop
    execute statement;
  end loop;
  foreach statement in array statements loop
    execute statement;
  end loop;
  perform platform.drop_rebuild(projection);
end $$;

revoke execute on function drop_rebuild, begin_rebuild, finish_rebuild from public;
