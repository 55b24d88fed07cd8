/** Backups of the embedded database while Agora runs: by hand, and on a schedule. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import type { Config } from '../../platform/config/config.ts';
import { Fault } from '../../platform/errors.ts';
import type { EmbeddedPostgres } from '../embedded-postgres.ts';
import { homeFor } from '../embedded-postgres/home.ts';
import { serverIdentity } from '../embedded-postgres/identity.ts';
import type { BaseBackup } from '../archive.ts';
import { takeBaseBackup } from './base-backup.ts';
import { prune } from './retention.ts';

/** What a backup needs to know. */
export interface BackupSource {
  /** The running server, which archives. */
  server: Pick<EmbeddedPostgres, 'adminUrl' | 'archive'>;
  config: Pick<Config, 'AGORA_DATA' | 'BACKUP_KEEP_DAYS'>;
  clock: Clock;
  signal?: AbortSignal;
}

/**
 * Takes a base backup, and then deletes what is older than BACKUP_KEEP_DAYS.
 * @throws {Fault} `NOT_ARCHIVED`, and as `takeBaseBackup`
 */
export async function backUp({ server, config, clock, signal }: BackupSource): Promise<BaseBackup> {
  const { adminUrl, archive } = server;
  if (!archive)
    throw new Fault(
      'NOT_ARCHIVED',
      'The running database does not archive its log: stop Agora, and start it with BACKUP_DIR.',
    );
  const { AGORA_DATA: data, BACKUP_KEEP_DAYS: days } = config;
  const { credentials } = homeFor(join(data, 'postgres'), serverIdentity());
  const backup = await takeBaseBackup({ adminUrl, archive, credentials, keys: keysOf(data), signal });
  prune(archive, new Date(clock.now().getTime() - days * 86_400_000));
  return backup;
}

/** The files of a data folder (AGORA_DATA) without which its database cannot be read. */
export const keysOf = (data: string): string[] =>
  existsSync(data)
    ? readdirSync(data)
        .map((name) => join(data, name))
        .filter((path) => statSync(path).isFile())
    : [];
