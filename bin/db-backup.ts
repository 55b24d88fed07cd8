/** `npm run db:backup -- --out PATH`: a dump of the configured database, or a copy of the embedded one while it is stopped. */
import { parseArgs } from 'node:util';
import { ownersDatabase } from '../db/connect/owners-database.ts';
import { dumpDatabase } from '../db/dump.ts';
import { Fault } from '../platform/errors.ts';
import { readConfig } from '../platform/config/config.ts';
import { runCommand } from './process/command.ts';
import { backUpData } from '../db/embedded-backup.ts';

await runCommand('No backup was made', async (say) => {
  const { out } = parseArgs({ options: { out: { type: 'string' } } }).values;
  if (!out) throw new Fault('OUT_NOT_GIVEN', 'Say with --out where to write it.');
  const config = readConfig(process.env);
  if (config.DATABASE_URL) {
    await dumpDatabase(await ownersDatabase(config), out);
    return say(`The database is in ${out}. Keys are not in it: they are in your secret store.`);
  }
  await backUpData(config.AGORA_DATA, out);
  say(`The database and the keys of ${config.AGORA_DATA} are in ${out}: keep it as you keep secrets.`);
});
