/** The shop of shop.ts in another process, which may be killed and started again. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { kyselyOver } from '../../db/kysely.ts';
import type { Actor } from '../../platform/identity/actor.ts';
import { tokensFrom } from '../../platform/identity/tokens.ts';
import { type AgoraOptions, type AgoraProcess, databaseOf, startAgora } from './agora-process.ts';
import { type SigningPlatform, watch } from './platform.ts';
import { testPool } from './test-pool.ts';

/** The application name of our own sessions, by which we tell them from Agora's. */
const OURS = 'agora test observer';

/** A shop whose process can be killed and started again on the same data. */
export interface ProcessShop extends SigningPlatform {
  readonly process: AgoraProcess;
  /** `kill -9`, and waits until PostgreSQL has noticed: uncommitted changes are gone. */
  kill(): Promise<void>;
  /** Starts it again, after a kill or an end. */
  restart(): Promise<void>;
}

/** Starts such a shop. */
export async function openProcessShop(options: AgoraOptions): Promise<ProcessShop> {
  let running = await startAgora(options);
  const connect = () =>
    testPool({ url: databaseOf(options.data), max: 8, name: OURS, statementTimeout: 0, transactionTimeout: 0 });
  let pool = connect();
  let kysely = kyselyOver(pool);
  const tokens = tokensFrom(readFileSync(join(options.data, 'token-key.pem'), 'utf8'));
  const token = async (as: Actor, seconds = 900): Promise<string> =>
    (await tokens.sign(as.claims(), seconds, new Date())).token;
  const authorization = async (as?: Actor): Promise<Record<string, string>> =>
    as ? { authorization: `Bearer ${await token(as)}` } : {};

  return {
    get process() {
      return running;
    },
    get url() {
      return `${running.url}/graphql`;
    },
    get kysely() {
      return kysely;
    },
    token,
    async ask(query, variables, as) {
      const headers = { 'content-type': 'application/json', ...(await authorization(as)) };
      const response = await fetch(`${running.url}/graphql`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ query, variables }),
      });
      return { ...((await response.json()) as object), status: response.status };
    },
    watch: (query, variables, as) =>
      watch(`${running.url.replace('http', 'ws')}/graphql`, { query, variables }, () => authorization(as)),
    async kill() {
      await running.end('SIGKILL');
      await endSessionsOfTheDead(pool);
    },
    async restart() {
      running = await startAgora({ ...options, args: options.args?.filter((arg) => arg !== '--reset') });
      await pool.end();
      pool = connect();
      kysely = kyselyOver(pool);
    },
    async close() {
      await pool.end();
      await running.end('SIGKILL');
    },
  };
}

/**
 * Ends the sessions of the killed process: one that waits for a lock learns late that its client is gone, and would
 * still commit its last statement.
 */
async function endSessionsOfTheDead(pool: pg.Pool): Promise<void> {
  for (;;) {
    const { rows } = await pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where usename = current_user and backend_type = 'client backend' and application_name <> $1`,
      [OURS],
    );
    if (rows.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
