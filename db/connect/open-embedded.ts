/** The embedded PostgreSQL of a data folder for a command, beside an Agora that runs on it or alone. */
import { join } from 'node:path';
import { type EmbeddedPostgresOptions, startEmbeddedPostgres } from '../embedded-postgres.ts';
import { isMissing } from '../embedded-postgres/cluster.ts';
import { homeFor } from '../embedded-postgres/home.ts';
import { serverIdentity } from '../embedded-postgres/identity.ts';
import type { Config } from '../../platform/config/config.ts';
import { Fault } from '../../platform/errors.ts';

/** Starts the server, or shares it as it runs; a missing database is not made. @throws {Fault} `NO_DATA` */
export function openEmbedded(
  { AGORA_DATA }: Pick<Config, 'AGORA_DATA'>,
  { archive }: Pick<EmbeddedPostgresOptions, 'archive'> = {},
): ReturnType<typeof startEmbeddedPostgres> {
  const dataDir = join(AGORA_DATA, 'postgres');
  if (isMissing(homeFor(dataDir, serverIdentity())))
    throw new Fault(
      'NO_DATA',
      `There is no database in ${dataDir}: name Agora's folder in AGORA_DATA, or another PostgreSQL in DATABASE_URL.`,
    );
  return startEmbeddedPostgres({ dataDir, log: () => {}, mustExist: true, archive });
}
