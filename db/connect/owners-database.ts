import type { Config } from '../../platform/config/config.ts';
import { Fault } from '../../platform/errors.ts';
import { reachDatabase } from './reach-database.ts';

/**
 * The configured database, as its owner, past any pooler.
 * @throws {Fault} `DATABASE_NOT_GIVEN`, `DATABASE_UNREACHABLE`
 */
export async function ownersDatabase({ DATABASE_URL, DATABASE_DIRECT_URL }: Config): Promise<string> {
  const url = DATABASE_DIRECT_URL ?? DATABASE_URL;
  if (!url)
    throw new Fault(
      'DATABASE_NOT_GIVEN',
      'Say in DATABASE_URL which PostgreSQL, as the role that owns the database. (The embedded one needs none of this.)',
    );
  return reachDatabase(url);
}
