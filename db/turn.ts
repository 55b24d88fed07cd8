import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { limitsAsOptions } from './pool.ts';

/** How often the lock is tried, in milliseconds. */
const TURN_MS = 200;

/** A session of its own without time limits: building an index takes what it takes. */
export async function connectUnlimited(url: string, name: string): Promise<pg.Client> {
  const none = { transactionTimeout: 0, statementTimeout: 0, lockTimeout: 0, idleInTransactionTimeout: 0 };
  const client = new pg.Client({
    connectionString: url,
    application_name: name,
    options: `${limitsAsOptions(none)} -c client_min_messages=warning`,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/**
 * Waits for the turn to change this database: migrations, roles, demo data. The turn is an advisory lock, and ends with
 * the session. It is tried again and again instead of waited for in PostgreSQL, where a waiting statement holds a
 * snapshot: another process's `create index concurrently` would wait for it.
 * @param report is called once when another process has the turn
 */
export async function takeTurn(client: pg.Client, report: (line: string) => void): Promise<void> {
  for (let asked = 0; ; asked++) {
    const { rows } = await client.query<{ mine: boolean }>(
      `select pg_try_advisory_lock(hashtextextended('agora.migrations', 0)) as mine`,
    );
    if (rows[0]?.mine) return;
    if (asked === 0) report('another process is changing this database: waiting for it');
    await sleep(TURN_MS);
  }
}

/** Does a command's work in its turn. @param url past any pooler: the turn is the session's */
export async function inTurn<T>(url: string, report: (line: string) => void, work: () => Promise<T>): Promise<T> {
  const client = await connectUnlimited(url, 'agora turn');
  try {
    await takeTurn(client, report);
    return await work();
  } finally {
    await client.end();
  }
}
