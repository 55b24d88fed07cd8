/** Row-level security of the tables that agents share: each agent's role sees and changes the rows that are its own. */
import { createHash } from 'node:crypto';
import pg from 'pg';
import type { RoleRights } from './grants.ts';

const PREFIX = 'agora ';

/**
 * Brings the policies to what these rights say, touching only what differs: each change locks its table for a moment.
 * The tables' owner, and so Agora in one process, is not bound by them.
 * @returns number of policies that were changed.
 */
export async function applyPolicies(client: pg.Client, roles: readonly RoleRights[]): Promise<number> {
  const shared = new Set(roles.flatMap(({ rights }) => rights.filter(({ rows }) => rows).map(({ table }) => table)));
  const wanted = new Map<string, string>();
  for (const { role, rights } of roles) {
    for (const { table, command, rows = 'true' } of rights.filter((right) => shared.has(right.table))) {
      const using = command === 'insert' ? '' : ` using (${rows})`;
      const check = command === 'insert' || command === 'update' ? ` with check (${rows})` : '';
      const rule = `for ${command} to ${pg.escapeIdentifier(role)}${using}${check}`;
      const digest = createHash('sha256').update(rule).digest('hex').slice(0, 12);
      wanted.set(`${table}/${PREFIX}${command} ${digest}`, rule);
    }
  }
  const there = await policiesThere(client);
  const gone = there.filter((key) => !wanted.has(key));
  const missing = [...wanted].filter(([key]) => !there.includes(key));
  for (const key of gone) await client.query(`drop policy ${on(key)}`);
  for (const [key, rule] of missing) await client.query(`create policy ${on(key)} ${rule}`);
  await secure(client, [...shared]);
  return gone.length + missing.length;
}

/** The policy and its table in SQL: `"agora select 0a1b2c" on platform.agent` */
function on(key: string): string {
  const [table = '', policy = ''] = key.split('/');
  return `${pg.escapeIdentifier(policy)} on platform.${pg.escapeIdentifier(table)}`;
}

async function policiesThere(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ key: string }>(
    `select tablename || '/' || policyname as key from pg_policies
      where schemaname = 'platform' and starts_with(policyname, $1)`,
    [PREFIX],
  );
  return rows.map(({ key }) => key);
}

async function secure(client: pg.Client, tables: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select relname::text as name from pg_class where relnamespace = 'platform'::regnamespace and relname = any($1)
        and not relrowsecurity`,
    [tables],
  );
  for (const { name } of rows)
    await client.query(`alter table platform.${pg.escapeIdentifier(name)} enable row level security`);
}
