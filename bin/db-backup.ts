/**
 * `npm run db:backup`: a base backup of the embedded database in BACKUP_DIR, while Agora runs or not. `-- --out PATH`: a
 * dump of the configured database, or a copy of the embedded one while it is stopped.
 */
import { parseArgs } from 'node:util';
import { backUp } from '../db/backups/backups.ts';
import { ownersDatabase } from '../db/connect/owners-database.ts';
import { openEmbedded } from '../db/connect/open-embedded.ts';
import { dumpDatabase } from '../db/dump.ts';
import { backUpData } from '../db/embedded-backup.ts';
import { systemClock } from '../platform/clock.ts';
import { type Config, readConfig } from '../platform/config/config.ts';
import { Fault } from '../platform/errors.ts';
import { runCommand } from './process/command.ts';

await runCommand('No backup was made', async (say) => {
  const { out } = parseArgs({ options: { out: { type: 'string' } } }).values;
  const config = readConfig(process.env);
  if (config.DATABASE_URL) {
    if (!out) throw new Fault('OUT_NOT_GIVEN', 'Say with --out where to write it.');
    await dumpDatabase(await ownersDatabase(config), out);
    return say(`The database is in ${out}. Keys are not in it: they are in your secret store.`);
  }
  if (!out) return intoBackupDir(config, say);
  await backUpData(config.AGORA_DATA, out);
  say(`The database and the keys of ${config.AGORA_DATA} are in ${out}: keep it as you keep secrets.`);
});

async function intoBackupDir(config: Config, say: (line: string) => void): Promise<void> {
  if (!config.BACKUP_DIR)
    throw new Fault('OUT_NOT_GIVEN', 'Say in BACKUP_DIR where backups are, or with --out where to write a copy.');
  const server = await openEmbedded(config, { archive: config.BACKUP_DIR });
  try {
    const { folder, endedAt } = await backUp({ server, config, clock: systemClock });
    say(`The database and the keys of ${config.AGORA_DATA} are in ${folder}: keep it as you keep secrets.`);
    say(`From ${endedAt.toISOString()} on it can be restored to any moment (npm run db:restore -- --to …).`);
  } finally {
    await server.stop();
  }
}
