/**
 * `npm run ledger:check [-- AGENT …]`: checks the ledgers of these agents, or of all, from the database alone, and says
 * what is wrong in them. Agora may run meanwhile.
 */
import { parseArgs } from 'node:util';
import { onDatabase } from '../db/connect/on-database.ts';
import { kyselyOver } from '../db/kysely.ts';
import { createPool } from '../db/pool.ts';
import { readConfig } from '../platform/config/config.ts';
import { raw } from '../platform/data/raw.ts';
import { Fault } from '../platform/errors.ts';
import { checkLedger } from '../platform/ledger/check.ts';
import { loadAgents } from '../subgraphs/index.ts';
import { runCommand } from './process/command.ts';

await runCommand('The ledgers were not checked', async (say) => {
  const { positionals } = parseArgs({ allowPositionals: true });
  const agents = await chosen(positionals);
  const config = readConfig(process.env);
  const given = config.DATABASE_URL && (config.DATABASE_DIRECT_URL ?? config.DATABASE_URL);
  await onDatabase({ config, given, name: 'agora ledger check' }, async (_, url) => {
    // A check reads all transfers of a ledger in one statement, which may take longer than a request's.
    const pool = createPool({ url, max: 1, name: 'agora ledger check', statementTimeout: 0, transactionTimeout: 0 });
    try {
      for (const agent of agents) await check(kyselyOver(pool), agent, say);
    } finally {
      await pool.end();
    }
  });
});

/** The agents with a ledger that were named, or all. @throws {Fault} `NO_LEDGER` */
async function chosen(names: readonly string[]): Promise<string[]> {
  const there = (await loadAgents()).filter(({ ledger }) => ledger).map(({ name }) => name);
  const unknown = names.find((name) => !there.includes(name));
  if (unknown) throw new Fault('NO_LEDGER', `${unknown} is no agent with a ledger: ${there.join(', ')}.`);
  return names.length > 0 ? [...names] : there;
}

/** Checks one ledger, and exits with 1 if something is wrong, as when nothing could be checked. */
async function check(kysely: ReturnType<typeof kyselyOver>, agent: string, say: (line: string) => void): Promise<void> {
  const { rows } = await raw<{ found: string | null }>(kysely, `select to_regclass($1)::text as found`, [
    `"${agent}".ledger_account`,
  ]);
  if (!rows[0]?.found)
    throw new Fault('NO_LEDGER', `There is no ledger of ${agent} in this database. Is it the one that Agora runs on?`);
  const { accounts, transfers, findings } = await checkLedger(kysely, agent);
  if (findings.length === 0)
    return say(`The ledger of ${agent} is whole: ${accounts} accounts, ${transfers} transfers.`);
  process.exitCode = 1;
  say(`THE LEDGER OF ${agent.toUpperCase()} IS WRONG in ${accounts} accounts and ${transfers} transfers:`);
  for (const finding of findings) say(`- ${finding}`);
}
