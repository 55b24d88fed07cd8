/** A backup of the embedded Agora: its database, and the keys without which it cannot be read. */
import { copyFileSync, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { copyEmbedded, restoreEmbedded } from './embedded-copy.ts';
import { Fault } from '../platform/errors.ts';
import { makeFolder } from '../platform/folders.ts';

const DATABASE = 'postgres';

/** Copies a data folder (AGORA_DATA) while no process runs on it. @throws Fault as `copyEmbedded` */
export async function backUpData(data: string, out: string): Promise<void> {
  if (existsSync(out)) throw new Fault('BACKUP_EXISTS', `${out} is there already: name a new folder.`);
  await copyEmbedded(join(data, DATABASE), join(out, DATABASE));
  copyFiles(data, out);
}

/**
 * Restores such a copy into a data folder without a database. @throws Fault as `restoreEmbedded`, `RESTORE_NOT_EMPTY`
 */
export async function restoreData(from: string, data: string): Promise<void> {
  requireNoKeys(data);
  await restoreEmbedded(join(from, DATABASE), join(data, DATABASE));
  makeFolder(data);
  copyFiles(from, data);
}

/** Requires that nothing would be overwritten. @throws {Fault} `RESTORE_NOT_EMPTY` */
export function requireNoKeys(data: string): void {
  const files = existsSync(data) ? filesIn(data) : [];
  if (files.length === 0) return;
  throw new Fault(
    'RESTORE_NOT_EMPTY',
    `${data} has keys of another Agora (${files.join(', ')}): name a new folder in AGORA_DATA.`,
  );
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder).filter((name) => statSync(join(folder, name)).isFile());

const copyFiles = (from: string, to: string): void => {
  for (const name of filesIn(from)) copyFileSync(join(from, name), join(to, name));
};
