/**
 * Row-level security of the tables that rooms have confined (platform/data/confined.ts): the reader's role sees the
 * rows that the transaction's settings say are the actor's own, and without settings none. No other role is bound.
 */
import { createHash } from 'node:crypto';
import pg from 'pg';
import { columnName } from '../platform/data/column-name.ts';
import { settingOf } from '../platform/data/confined.ts';
import { READER_POLICY } from '../platform/data/confined-reads.ts';
import { isThrough, type OwnRows, type OwnTables, type Through } from '../platform/data/own-rows.ts';

/** The confined tables of one schema and their reader's role. */
export interface Reader {
  schema: string;
  confined: OwnTables;
  /** The reader's role: it cannot log in, and is assumed by `set local role`. */
  role: string;
}

/**
 * The permissive policy without which row-level security would leave no rows to any role. The reader's own, restrictive
 * policies take away from it.
 */
const EVERYBODY = 'agora everybody';

const name = pg.escapeIdentifier;

/**
 * Brings policies and rights of the readers to what they must be, touching only what differs: each change locks its
 * table for a moment. To be called in a transaction of the tables' owner, who is not bound by them.
 * @returns number of policies that were changed
 */
export async function confine(client: pg.Client, readers: readonly Reader[]): Promise<number> {
  let changed = 0;
  for (const { schema, confined, role } of readers) {
    await client.query(`grant usage on schema ${name(schema)} to ${name(role)}`);
    for (const [table, rows] of Object.entries(confined)) {
      const rule = `as restrictive for select to ${name(role)} using (${conditionOf(schema, table, rows)})`;
      const digest = createHash('sha256').update(rule).digest('hex').slice(0, 12);
      changed += await settle(client, { schema, table, role, rule, policy: `${READER_POLICY}${digest}` });
    }
  }
  return changed;
}

interface Wanted {
  schema: string;
  table: string;
  role: string;
  rule: string;
  policy: string;
}

async function settle(client: pg.Client, { schema, table, role, rule, policy }: Wanted): Promise<number> {
  const at = `${name(schema)}.${name(table)}`;
  const { rows } = await client.query<{ policy: string; mine: boolean; secured: boolean }>(
    `select p.polname::text as policy, r.oid = any(p.polroles) as mine, c.relrowsecurity as secured
       from pg_class c join pg_roles r on r.rolname = $2 left join pg_policy p on p.polrelid = c.oid where c.oid = $1::regclass`,
    [at, role],
  );
  const has = (wanted: string): boolean => rows.some((row) => row.policy === wanted);
  const gone = rows.filter((row) => row.mine && row.policy.startsWith(READER_POLICY) && row.policy !== policy);
  const statements = [
    ...gone.map((row) => `drop policy ${name(row.policy)} on ${at}`),
    ...(has(policy) ? [] : [`create policy ${name(policy)} on ${at} ${rule}`]),
    ...(has(EVERYBODY) ? [] : [`create policy ${name(EVERYBODY)} on ${at} using (true) with check (true)`]),
  ];
  for (const statement of statements) await client.query(statement);
  if (!rows[0]?.secured) await client.query(`alter table ${at} enable row level security`);
  await client.query(`grant select on ${at} to ${name(role)}`);
  return statements.length;
}

/**
 * The condition of a policy. A setting that was not made is null, and one that a transaction left behind is empty:
 * neither is an id. With `is true` it is only a filter, upon the rows that the statement's own conditions find: as a
 * condition for an index it would take a page's order from the index that has it.
 */
function conditionOf(schema: string, table: string, rows: OwnRows | Through): string {
  if (isThrough(rows)) {
    const parent = `${name(schema)}.${name(rows.through)}`;
    return `exists (select from ${parent} parent where parent.id = ${name(table)}.${name(columnName(rows.by))})`;
  }
  return Object.entries(rows)
    .map(
      ([property, claim]) =>
        `(${name(columnName(property))} = (select nullif(current_setting('${settingOf(claim)}', true), ''))) is true`,
    )
    .join(' or ');
}
