/**
 * `npm run db:restore -- PATH`: a backup into an empty database, or into a data folder (AGORA_DATA) without one.
 * `-- --to TIME`: the embedded database as it was at that time, from BACKUP_DIR or the directory that PATH names.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { archivesIn } from '../db/archive.ts';
import { givenTime } from '../db/backups/given-time.ts';
import { restorePointInTime } from '../db/backups/point-in-time.ts';
import { ownersDatabase } from '../db/connect/owners-database.ts';
import { restoreDatabase } from '../db/dump.ts';
import { restoreData } from '../db/embedded-backup.ts';
import { systemClock } from '../platform/clock.ts';
import { configSchema, readConfig } from '../platform/config/config.ts';
import { Fault } from '../platform/errors.ts';
import { runCommand } from './process/command.ts';

await runCommand('Nothing was restored', async (say) => {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { to: { type: 'string' } } });
  const config = readConfig(process.env);
  const to = values.to === undefined ? undefined : givenTime(values.to, systemClock.now());
  if (config.DATABASE_URL && to)
    throw new Fault(
      'NOT_EMBEDDED',
      'A PostgreSQL of your own is restored to a time by its own means: docs/operations/backups.md.',
    );
  const from = positionals[0] ?? (config.DATABASE_URL ? undefined : config.BACKUP_DIR);
  if (!from) throw new Fault('BACKUP_NOT_GIVEN', 'Say which backup to restore.');
  if (config.DATABASE_URL) {
    await restoreDatabase(await ownersDatabase(config), from);
    return say('The database is restored. Next: npm run db:migrate, npm run db:roles, and then start Agora.');
  }
  if (to || archivesIn(from).length > 0) {
    const { backup, lastTransaction } = await restorePointInTime(from, config.AGORA_DATA, to);
    say(`The database is that of ${backup.database}, from ${backup.folder}`);
    say(
      `as it was at ${to ?? 'the end of the archive'}${lastTransaction ? `, the last transaction at ${lastTransaction}` : ''}.`,
    );
  } else await restoreData(from, config.AGORA_DATA);
  say(`${config.AGORA_DATA} is restored. Next: ${startIn(config.AGORA_DATA)}`);
});

/** The command that starts the restored Agora, and not another one in the default folder. */
function startIn(data: string): string {
  const isDefault = resolve(data) === resolve(configSchema.shape.AGORA_DATA.parse(undefined));
  return isDefault ? 'npm start' : `AGORA_DATA='${resolve(data).replaceAll("'", String.raw`'\''`)}' npm start`;
}
