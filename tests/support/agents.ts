/** Real agents on a database of their own, without the gateway: for a room's tests of its use cases. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Kysely } from 'kysely';
import { connectStandby } from '../../db/connect/connect-standby.ts';
import { Endings } from '../../platform/endings.ts';
import { migrationSets } from '../../db/connect/migration-sets.ts';
import type { AgentDefinition, ScheduledJob } from '../../platform/agent/define-agent.ts';
import { createHost, type Host } from '../../platform/agent/host.ts';
import { type Clock, FixedClock } from '../../platform/clock.ts';
import { type Config, readConfig } from '../../platform/config/config.ts';
import { eventSigner } from '../../platform/events/signing.ts';
import { type Tokens, tokensFrom } from '../../platform/identity/tokens.ts';
import { type Logger, silentLogger } from '../../platform/log.ts';
import { prepareSagas } from '../../platform/sagas/worker.ts';
import type { Client } from '../../platform/graphql/context.ts';
import type { StandbyLimits } from '../../platform/standby/standby.ts';
import { newKey } from '../../platform/secrets/key-ring.ts';
import { type Secrets, secretsWith } from '../../platform/secrets/secrets.ts';
import { loadAgents } from '../../subgraphs/index.ts';
import { type Asking, askingOf } from './asking.ts';
import { testDatabase } from './database.ts';
import { pooledFixture } from './pooler.ts';
import { type TestRoles, testRoles } from './roles.ts';
import { testFilesDir } from './files-dir.ts';
import { testPool } from './test-pool.ts';

export { loadAgents } from '../../subgraphs/index.ts';
export { actor, admin, operator, service, viewer } from './actors.ts';

/** Agents under test. */
export interface TestAgents extends Asking {
  host: Host;
  // biome-ignore lint/suspicious/noExplicitAny: a test names the tables it reads
  kysely: Kysely<any>;
  /** The address of the database, for a process beside. */
  url: string;
  /** The agents' clock, unless another was given. */
  clock: FixedClock;
  tokens: Tokens;
  /** The key that signs these. */
  tokenKey: KeyObject;
  /** The agents' sealed secrets. */
  secrets: Secrets;
  config: Config;
  /** Roles, where each agent has its own. */
  roles?: TestRoles;
  /** The same ways to ask, as a client of which the gateway knows this. */
  from(client: Client | undefined): Asking;
  /** Runs an agent's scheduled job once, now. */
  runJob(agent: string, job: string): Promise<void>;
  /** The events in the log, oldest first. */
  events(type?: string): Promise<{ type: string; aggregate_id: string; aggregate_version: number; payload: any }[]>;
  close(): Promise<void>;
}

/** Options of building agents. */
export interface AgentsOptions {
  start?: boolean;
  config?: Record<string, string>;
  clock?: Clock;
  log?: Logger;
  /** Each on a role of its own, with no more rights than it has in many processes. @default whether AGORA_TEST_ROLES is set */
  roles?: boolean;
  /** A standby of the test's database server, by its port on this machine. */
  standby?: { port: number; limits?: StandbyLimits };
}

const atPort = (url: string, port: number): string => Object.assign(new URL(url), { port }).href;

/**
 * An agent whose scheduled jobs are recorded by `<agent>/<job>`, so that a test can run one without waiting for its
 * time.
 */
const keepingJobs = (definition: AgentDefinition, jobs: Map<string, ScheduledJob>): AgentDefinition => ({
  ...definition,
  build(context) {
    const parts = definition.build(context);
    for (const job of parts.scheduledJobs ?? []) jobs.set(`${definition.name}/${job.name}`, job);
    return parts;
  },
});

/** Builds agents of these names, which may ask one another. With `start`, consumers, scheduled jobs and sagas run too. */
export async function openAgents(names: readonly string[], options: AgentsOptions = {}): Promise<TestAgents> {
  const jobs = new Map<string, ScheduledJob>();
  const agents = (await loadAgents(names)).map((definition) => keepingJobs(definition, jobs));
  const database = await testDatabase({ sets: migrationSets(agents) });
  const clock = new FixedClock('2026-06-01T12:00:00Z');
  const sagas = {
    url: database.url,
    pool: testPool({ url: database.url, max: 6, name: 'agora test sagas', int8: 'text' }),
  };
  await prepareSagas(sagas);
  const roles = (options.roles ?? process.env.AGORA_TEST_ROLES) ? await testRoles(database.url, names) : undefined;
  const pooled = process.env.AGORA_TEST_POOLER ? pooledFixture(process.env.AGORA_TEST_POOLER, database) : undefined;
  const { privateKey: tokenKey } = generateKeyPairSync('ed25519');
  const tokens = tokensFrom(tokenKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  const config = readConfig({ NODE_ENV: 'test', FILES_DIR: testFilesDir(), ...options.config }, agents);
  const secrets = secretsWith([newKey()]);
  const { kysely } = database;
  const log = options.log ?? silentLogger;
  const endings = new Endings(log);
  const standby =
    options.standby &&
    (await connectStandby(agents, (agent) => roles?.url(agent) ?? database.url, {
      config: {
        ...config,
        DATABASE_URL: database.url,
        DATABASE_REPLICA_URL: atPort(database.url, options.standby.port),
      },
      log,
      endings,
      limits: options.standby.limits,
    }));
  const host = await createHost({
    ...standby,
    agents,
    kysely,
    config,
    log,
    clock: options.clock ?? clock,
    tokens,
    secrets,
    signer: eventSigner([newKey()]),
    ...roles?.ground,
    ...pooled?.ground,
    sagas: roles?.sagas ?? sagas,
    instance: 'test',
  });
  if (options.start) await host.start();
  return {
    host,
    kysely,
    url: database.url,
    clock,
    tokens,
    tokenKey,
    secrets,
    config,
    roles,
    ...askingOf(host.subgraphs),
    from: (client) => askingOf(host.subgraphs, client),
    runJob: (agent, job) => jobs.get(`${agent}/${job}`)!.run(new AbortController().signal, kysely),
    events: (type) => {
      const all = kysely
        .selectFrom('platform.event_log')
        .select(['type', 'aggregate_id', 'aggregate_version', 'payload'])
        .orderBy('position');
      return (type ? all.where('type', '=', type) : all).execute() as never;
    },
    async close() {
      if (options.start) await host.stop('test over');
      await endings.stop();
      await sagas.pool.end();
      await roles?.end();
      await pooled?.pool.end();
      await database.drop();
      await roles?.drop();
    },
  };
}
