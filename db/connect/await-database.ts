import type { AgentDefinition } from '../../platform/agent/define-agent.ts';
import { agentDatabase, type Config } from '../../platform/config/config.ts';
import { Fault, isTransient } from '../../platform/errors.ts';
import { sleep } from '../../platform/sleep.ts';
import { directAddress } from './direct-address.ts';
import type { Endings } from '../../platform/endings.ts';
import { pendingIn } from './migrate-database.ts';
import { reachDatabase } from './reach-database.ts';

/** How often the database is checked for readiness. Milliseconds. */
const LOOK_MS = 1000;

/** Options of a process that waits for its database. */
export interface AwaitOptions {
  config: Config;
  endings: Endings;
  /** Called with each reason to wait, once. */
  report(line: string): void;
}

/**
 * The configured database, once it is there and has the migrations that this release expects: processes may be started
 * in any order.
 * @throws {Fault} `DATABASE_NOT_GIVEN`; `DATABASE_UNREACHABLE` if waiting will not help
 */
export async function awaitDatabase(
  agents: readonly AgentDefinition[],
  { config, endings, report }: AwaitOptions,
): Promise<string> {
  // Without a common address, statements that belong to no agent use the first agent's: the role of any may read what
  // they need.
  const own = agents.map(({ name }) => agentDatabase(process.env, name));
  const url = config.DATABASE_URL ?? own.find(Boolean);
  if (!url)
    throw new Fault(
      'DATABASE_NOT_GIVEN',
      'Give DATABASE_URL, or one for each agent, DATABASE_URL_ORDER: the processes of one Agora share a PostgreSQL. (`npm start` runs everything in one process, and needs none.)',
    );
  const waiting = new AbortController();
  let said = '';
  for (;;) {
    if (endings.isStopping) throw new Fault('STOPPED', 'It was stopped while it waited for the database.');
    const why = await missing(url, agents, config);
    if (!why) return url;
    if (why !== said) report(why);
    said = why;
    await sleep(LOOK_MS, waiting.signal);
  }
}

async function missing(url: string, agents: readonly AgentDefinition[], config: Config): Promise<string | undefined> {
  try {
    await reachDatabase(url);
    const pending = await pendingIn(directAddress(url, config), agents);
    return pending.length > 0 ? 'waiting for the migrations: run `npm run db:migrate`' : undefined;
  } catch (error) {
    if (isTransient(error)) return `waiting for the database: ${(error as Error).message}`;
    throw error;
  }
}
