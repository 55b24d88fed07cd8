import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../platform/config/config.ts';
import { KEY_FILES, pathOf } from '../../platform/secrets/key-files.ts';
import { BEGIN_ANEW, databaseGone, isMissing } from '../embedded-postgres/cluster.ts';
import { homeFor } from '../embedded-postgres/home.ts';
import { serverIdentity } from '../embedded-postgres/identity.ts';

/** The rings of which a database keeps a mark: they are made after it, at its first start. */
const MARKED = ['EVENT_KEYS', 'SECRET_KEYS'] as const;

/**
 * Requires the embedded database that the keys of this data folder were used with: a new one in its place would begin
 * another shop, quietly. The other half of `knownKeys`, which requires the keys of a database.
 * @param lost what to do if it is lost for good. @default what `npm start` can do
 * @throws {Fault} `DATABASE_GONE`
 */
export function requireDatabaseOfKeys(config: Pick<Config, 'AGORA_DATA'>, lost = BEGIN_ANEW): void {
  // Checked before the database: another first start beside this one makes its database before its keys.
  const kept = MARKED.filter((variable) => existsSync(pathOf(config, variable)));
  const dataDir = join(config.AGORA_DATA, 'postgres');
  const home = homeFor(dataDir, serverIdentity());
  if (kept.length === 0 || !isMissing(home)) return;
  const files = kept.map((variable) => KEY_FILES[variable]).join(' and ');
  throw databaseGone(
    `${config.AGORA_DATA} has keys (${files}), and the database that they were used with is not in ${home.folder}. If ` +
      'it was a PostgreSQL of your own, give its address in DATABASE_URL. The embedded one is gone',
    lost,
  );
}
