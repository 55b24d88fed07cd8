/** A database on which sagas can be started and run. */
import { fileURLToPath } from 'node:url';
import type { Kysely } from 'kysely';
import type pg from 'pg';
import { prepareSagas } from '../../platform/sagas/worker.ts';
import { testDatabase } from './database.ts';
import { testPool } from './test-pool.ts';

/** The database of a saga worker. */
export interface SagaFixture {
  // biome-ignore lint/suspicious/noExplicitAny: a test names the tables it reads
  kysely: Kysely<any>;
  pool: pg.Pool;
  /** Connections of the worker itself. */
  sagas: { url: string; pool: pg.Pool };
  close(): Promise<void>;
}

/** Makes the database and DBOS's tables in it. */
export async function openSagaFixture(): Promise<SagaFixture> {
  const directory = fileURLToPath(new URL('../../platform/migrations', import.meta.url));
  const { url, pool, kysely, drop } = await testDatabase({ sets: [{ schema: 'platform', directory }] });
  const sagas = { url, pool: testPool({ url, max: 6, name: 'agora test sagas', int8: 'text' }) };
  await prepareSagas(sagas);
  return {
    kysely,
    pool,
    sagas,
    close: async () => {
      await sagas.pool.end();
      await drop();
    },
  };
}
