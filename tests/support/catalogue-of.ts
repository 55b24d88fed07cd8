/** All that the catalogue says of a table: what it is to statements, readers, writers, the planner and people. */
export async function catalogueOf(
  query: (text: string) => Promise<unknown[]>,
  schema: string,
  table: string,
): Promise<unknown[][]> {
  const catalogue = [
    `select relkind, relpersistence, relrowsecurity, relforcerowsecurity, relreplident, reloptions, relhastriggers,
            reltablespace, relam, relowner, relnatts, relchecks, obj_description(oid), col_description(oid, 4) as column,
            platform.shape_of('${schema}', '{${table}}') as shape,
            (select reloptions from pg_class t where t.oid = c.reltoastrelid) as toast,
            array(select a::text from aclexplode(coalesce(relacl, acldefault('r', relowner))) a order by 1) as rights
       from pg_class c where oid = '${schema}.${table}'::regclass`,
    `select attname, attnum, attacl::text, attstattarget, attoptions, attstorage, attcompression, attcollation
       from pg_attribute where attrelid = '${schema}.${table}'::regclass and attnum > 0 order by attnum`,
    `select conname, contype, convalidated, obj_description(oid, 'pg_constraint') from pg_constraint
      where conrelid = '${schema}.${table}'::regclass order by conname`,
    `select c.relname, indisclustered, indisreplident, indisunique, c.reloptions, obj_description(c.oid),
            array(select attstattarget from pg_attribute where attrelid = c.oid order by attnum) as targets
       from pg_index i join pg_class c on c.oid = indexrelid where indrelid = '${schema}.${table}'::regclass order by relname`,
    `select pg_get_statisticsobjdef(oid), stxnamespace, stxstattarget, obj_description(oid, 'pg_statistic_ext')
       from pg_statistic_ext where stxrelid = '${schema}.${table}'::regclass`,
    `select p.*, obj_description(o.oid, 'pg_policy') from pg_policies p join pg_policy o on o.polname = p.policyname
      where schemaname = '${schema}' and tablename = '${table}' and o.polrelid = '${schema}.${table}'::regclass order by policyname`,
  ];
  return Promise.all(catalogue.map(query));
}
