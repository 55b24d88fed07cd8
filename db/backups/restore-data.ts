/** A data folder (AGORA_DATA) restored from BACKUP_DIR: its database, as it was at a time, and its keys. */
import { join } from 'node:path';
import { requireNoKeys } from '../embedded-backup.ts';
import { type RestoredDatabase, restoreKeys, restorePointInTime } from './point-in-time.ts';

/** Restores into a data folder without a database and keys. @throws {Fault} as `restorePointInTime` */
export async function restoreDataTo(from: string, data: string, to?: string): Promise<RestoredDatabase> {
  requireNoKeys(data);
  const restored = await restorePointInTime(from, join(data, 'postgres'), to);
  restoreKeys(restored.backup, data);
  return restored;
}
