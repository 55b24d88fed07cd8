import type { Kysely } from 'kysely';
import { kyselyOver } from '../kysely.ts';
import { createPool } from '../pool.ts';
import type { Config } from '../../platform/config/config.ts';
import { openEmbedded } from './open-embedded.ts';
import { reachDatabase } from './reach-database.ts';

/** How a command connects to a database. */
export interface DatabaseUse {
  config: Config;
  /**
   * The configured address; undefined for the embedded database, which is started for the command if it does not run.
   */
  given: string | undefined;
  /** Name of the command's connections in `pg_stat_activity`. */
  name: string;
}

/**
 * Does a command's work on the database, and closes everything that was opened for it. @throws {Fault} as
 * `reachDatabase`
 */
export async function onDatabase(
  { config, given, name }: DatabaseUse,
  work: (kysely: Kysely<any>, url: string) => Promise<void>,
): Promise<void> {
  const embedded = given ? undefined : await openEmbedded(config);
  try {
    const url = embedded?.url ?? (await reachDatabase(given!));
    const pool = createPool({ url, max: 2, name });
    try {
      await work(kyselyOver(pool), url);
    } finally {
      await pool.end();
    }
  } finally {
    await embedded?.stop();
  }
}
