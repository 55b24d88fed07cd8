-- The first release that knows API keys reads them joined with their makers, and says `merchant_id` without a table. So
-- no column of this name may stand in both: a process of that release may run beside this one.
alter table api_key rename column merchant_id to made_for;
-- The releases since say `api_key.merchant_id`. Where a table has no such column, PostgreSQL looks for a function of its
-- row, along the search path of an agent. Where that cannot be made, they answer UNAVAILABLE to keys until they have gone.
do $$
begin
  if exists (select from pg_namespace where nspname = 'public' and has_schema_privilege(oid, 'create')) then
    create function public.merchant_id(api_key) returns text language sql stable return $1.made_for;
  end if;
end $$;
