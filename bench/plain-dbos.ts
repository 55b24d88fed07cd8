/** Cost of an order's saga if it did nothing: the same engine, the same steps, on a database beside Agora's. */
import { DBOS } from '@dbos-inc/dbos-sdk';
import pg from 'pg';
import { createPool } from '../db/pool.ts';

/** As many steps as an order that succeeds had when each had a checkpoint: with the begin and the end, seven commits. */
export const STEPS = 5;
const QUEUE = 'bench';
/** The settings of Agora (bin/embedded.ts, platform/sagas/worker.ts). */
const [CONNECTIONS, CONCURRENCY, POLL_MS] = [8, 64, 25];

/** A database of this name beside the one of the URL. */
export async function databaseBeside(adminUrl: string, ownedUrl: string, name: string): Promise<string> {
  const admin = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 });
  await admin.connect();
  try {
    await admin.query(`drop database if exists ${name} with (force)`);
    await admin.query(`create database ${name} owner ${pg.escapeIdentifier(new URL(ownedUrl).username)}`);
  } finally {
    await admin.end();
  }
  const url = new URL(ownedUrl);
  url.pathname = `/${name}`;
  return url.href;
}

const workflow = DBOS.registerWorkflow(
  async (n: number) => {
    for (let step = 0; step < STEPS; step++) await DBOS.runStep(async () => n + step, { name: `step ${step}` });
  },
  { name: 'nothing' },
);

/**
 * Starts the engine, measures, and ends it: between the rounds it uses nothing of the machine. Returns workflows a
 * second.
 */
export async function plainDbos(url: string, count: number, concurrency: number): Promise<number> {
  const pool = createPool({ url, max: CONNECTIONS, name: 'bench dbos', int8: 'text' });
  DBOS.setConfig({ name: 'bench', systemDatabaseUrl: url, systemDatabasePool: pool, logLevel: 'error' });
  await DBOS.launch();
  try {
    const queue = {
      minPollingIntervalMs: POLL_MS,
      workerConcurrency: CONCURRENCY,
      onConflict: 'always_update',
    } as const;
    await DBOS.registerQueue(QUEUE, queue);
    const started = performance.now();
    let left = count;
    const ends: Promise<unknown>[] = [];
    const client = async () => {
      while (left-- > 0) {
        const handle = await DBOS.startWorkflow(workflow, { queueName: QUEUE })(left);
        ends.push(handle.getResult());
      }
    };
    await Promise.all(Array.from({ length: concurrency }, client));
    await Promise.all(ends);
    return count / ((performance.now() - started) / 1000);
  } finally {
    await DBOS.shutdown();
    await pool.end();
  }
}
