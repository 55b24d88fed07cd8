-- The trace in which an event was published, while tracing is on (platform/telemetry/tracing.ts): CloudEvents'
-- extension of this name. Not signed: it says nothing about the fact. Who may append events may tell it.
alter table event_log add column traceparent text;

do $$
declare
  publisher text;
begin
  for publisher in
    select grantee from information_schema.column_privileges
     where table_schema = 'platform' and table_name = 'event_log' and column_name = 'payload'
       and privilege_type = 'INSERT' and grantee <> current_user
  loop
    execute format('grant insert (traceparent) on event_log to %I', publisher);
  end loop;
end $$;
