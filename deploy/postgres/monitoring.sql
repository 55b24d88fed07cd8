-- For postgres_exporter: a role that reads PostgreSQL's own figures and no row of anybody, and the figures of each
-- statement. As a superuser in the database `postgres`, so that no backup of Agora's own holds the extension; it may be run
-- again. `shared_preload_libraries` of the server must name pg_stat_statements. The password is set afterwards:
-- docs/operations/database.md#figures-of-the-server
create extension if not exists pg_stat_statements;

do $$
begin
  if not exists (select from pg_roles where rolname = 'agora_monitor') then
    create role agora_monitor login;
  end if;
end
$$;

alter role agora_monitor connection limit 5;
alter role agora_monitor set statement_timeout = '5s';
alter role agora_monitor set default_transaction_read_only = on;
grant pg_monitor to agora_monitor;
