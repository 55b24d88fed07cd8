/**
 * `npm run ledger:trial -- --transfers 2000000 --writers 4 --kills 20`: random transfers by several processes, some of
 * them killed, and a check of the whole ledger at the end.
 */
import { parseArgs } from 'node:util';
import { LEDGER_SETS } from '../support/ledger.ts';
import { testDatabase } from '../support/database.ts';
import { setUp, tearDown } from '../support/test-server.ts';
import { runTrial } from './trial.ts';

const { values } = parseArgs({
  options: {
    transfers: { type: 'string', default: '2000000' },
    writers: { type: 'string', default: '4' },
    kills: { type: 'string', default: '20' },
    wallets: { type: 'string', default: '5000' },
    batch: { type: 'string', default: '500' },
  },
});
const size = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]));
const say = (line: string): void => void process.stdout.write(`  ${line}\n`);

await setUp();
try {
  const database = await testDatabase({ sets: LEDGER_SETS });
  const trial = await runTrial({ ...(size as Record<keyof typeof values, number>), url: database.url, say });
  const { created, existed, refused } = trial.reported;
  say(`reported: ${created} made, ${existed} repeated, ${refused} refused, in ${trial.seconds.toFixed(0)} s`);
  say(`in the database: ${trial.transfers} transfers, ${trial.accounts} accounts, after ${trial.kills} kills`);
  for (const finding of trial.findings) say(`WRONG: ${finding}`);
  say(trial.findings.length === 0 ? 'the ledger is whole' : `${trial.findings.length} FINDINGS`);
  if (trial.findings.length > 0) process.exitCode = 1;
  await database.drop();
} finally {
  await tearDown();
}
process.exit();
