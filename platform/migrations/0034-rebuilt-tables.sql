-- The exchange of a projection's tables carries over all that was set on the old ones, also what `finish_rebuild` (0035) does
-- not: forced row-level security, rights on columns, comments, replica identity, and what the planner was told.

-- The statements that set all this again on tables of the same names and shape.
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

-- Makes the second set, as `begin_rebuild` does, with the options of its keys' indexes too: sets that differ in them would
-- never be exchanged.
create function prepare_rebuild(projection text, tables text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  room constant text := platform.check_room(projection);
  statement text;
begin
  perform platform.begin_rebuild(projection, tables);
  for statement in
    select format('alter index %I.%I set (%s)', platform.next_schema(projection), i.relname, option)
      from pg_class c join pg_index on indrelid = c.oid join pg_class i on i.oid = indexrelid
     cross join unnest(i.reloptions) option
     where c.relnamespace = to_regnamespace(room) and c.relname = any(tables)
  loop
    execute statement;
  end loop;
end $$;

-- Exchanges both sets, as `finish_rebuild` does, and sets on the new tables what was set on the old ones.
create function exchange_rebuild(projection text, tables text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  room constant text := platform.check_room(projection);
  live constant text := (select string_agg(format('%I.%I', room, name), ', ' order by name) from unnest(tables) name);
  statement text;
  statements text[];
begin
  execute format('lock table %s in access exclusive mode', live);
  statements := platform.traits_of(room, tables);
  perform platform.finish_rebuild(projection, tables);
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
end $$;

revoke execute on function prepare_rebuild, exchange_rebuild from public;
