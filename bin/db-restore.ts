/** `npm run db:restore -- PATH`: a backup into an empty database, or into a data folder (AGORA_DATA) without one. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ownersDatabase } from '../db/connect/owners-database.ts';
import { restoreDatabase } from '../db/dump.ts';
import { Fault } from '../platform/errors.ts';
import { configSchema, readConfig } from '../platform/config/config.ts';
import { runCommand } from './process/command.ts';
import { restoreData } from '../db/embedded-backup.ts';

await runCommand('Nothing was restored', async (say) => {
  const [from] = parseArgs({ allowPositionals: true }).positionals;
  if (!from) throw new Fault('BACKUP_NOT_GIVEN', 'Say which backup to restore.');
  const config = readConfig(process.env);
  if (config.DATABASE_URL) {
    await restoreDatabase(await ownersDatabase(config), from);
    return say('The database is restored. Next: npm run db:migrate, npm run db:roles, and then start Agora.');
  }
  await restoreData(from, config.AGORA_DATA);
  say(`${config.AGORA_DATA} is restored. Next: ${startIn(config.AGORA_DATA)}`);
});

/** The command that starts the restored Agora, and not another one in the default folder. */
function startIn(data: string): string {
  const isDefault = resolve(data) === resolve(configSchema.shape.AGORA_DATA.parse(undefined));
  return isDefault ? 'npm start' : `AGORA_DATA='${resolve(data).replaceAll("'", String.raw`'\''`)}' npm start`;
}
