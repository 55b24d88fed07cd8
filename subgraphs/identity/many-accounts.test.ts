/** Among very many accounts every lookup uses an index: no statement scans a whole table. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Kysely, Transaction } from 'kysely';
import { raw } from '../../platform/data/raw.ts';
import type { Work } from '../../platform/store/store.ts';
import { openAgents, type TestAgents } from '../../tests/support/agents.ts';
import { hasAdministrator } from './administrators/service.ts';
import type { Tables } from './entities.ts';
import { endPendingAccess } from './sessions/secure-account.ts';

const ROWS = 100_000;
const PART = 10_000;
const FEW = 20;

let agents: TestAgents;
beforeAll(async () => {
  agents = await openAgents(['customer', 'identity']);
  await fill(
    'account',
    `insert into identity.account (id, email, email_key, name, roles, customer_made, version, created_at, updated_at)
     select 'user_' || n, n || '@many.example', n || '@many.example', 'Many',
       array[case when n = ${ROWS} then 'ADMIN' else 'VIEWER' end], false, 1, now(), now()`,
  );
  // Ended sessions: attempts that were begun in them are ended as well.
  await fill(
    'session',
    `insert into identity.session (id, user_id, started_at, last_used_at, expires_at, revoked_at, revoked_reason)
     select 'session_' || n, 'user_' || n, now(), now(), now(), now(), 'SIGNED_OUT'`,
  );
  await fill(
    'linked_identity',
    `insert into identity.linked_identity (id, user_id, provider, issuer, subject, linked_at, last_used_at)
     select 'identity_' || n, 'user_' || n, 'acme', 'https://acme', n, now(), now()`,
  );
  await fill(
    'provider_attempt',
    `insert into identity.provider_attempt (hash, provider, redirect_uri, sealed, session_id, identity_id, created_at, expires_at)
     select 'attempt_' || n, 'acme', 'https://shop', 'sealed',
       case when n % 2 = 0 then 'session_' || n end, case when n % 2 = 1 then 'identity_' || n end, now(), now()`,
  );
});
afterAll(() => agents.close());

/** Fills a table with rows 1 to ROWS, in parts: each statement has only a few seconds. */
async function fill(table: string, insert: string): Promise<void> {
  for (let done = 0; done < ROWS; done += PART)
    await raw(agents.kysely, `${insert} from generate_series(${done + 1}, ${done + PART}) n`);
  await raw(agents.kysely, `analyze identity.${table}`);
}

/** Counts the rows of this room that the work reads, by scans or by indexes. */
const rowsRead = (work: (transaction: Transaction<any>) => Promise<void>): Promise<number> =>
  agents.kysely.transaction().execute(async (transaction) => {
    const before = await countRead(transaction);
    await work(transaction);
    return (await countRead(transaction)) - before;
  });

/** Rows that this connection has read and not yet reported, in this transaction and perhaps in earlier ones. */
async function countRead(transaction: Transaction<any>): Promise<number> {
  const { rows } = await raw<{ count: number }>(
    transaction,
    `select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int as count
       from pg_stat_xact_user_tables where schemaname = 'identity'`,
  );
  return rows[0]!.count;
}

test('pending access to an account is ended by indexes', async () => {
  const end = (userId: string) =>
    rowsRead(async (transaction) => {
      const sql = transaction.withSchema('identity') as unknown as Kysely<Tables>;
      await endPendingAccess({ sql } as Work<Tables>, userId, agents.clock.now());
    });
  expect(await end('user_500')).toBeLessThan(FEW);
  expect(await end('user_501')).toBeLessThan(FEW);
  const { rows } = await raw(
    agents.kysely,
    `select n from generate_series(499, 502) n where not exists
      (select from identity.provider_attempt where hash = 'attempt_' || n) order by n`,
  );
  expect(rows).toEqual([{ n: 500 }, { n: 501 }]);
});

test('the check for an administrator uses an index', async () => {
  const found: boolean[] = [];
  const read = await rowsRead(async (transaction) => {
    found.push(await hasAdministrator(transaction), await hasAdministrator(transaction, `user_${ROWS}`));
  });
  expect(found).toEqual([true, false]);
  expect(read).toBeLessThan(FEW);
});
