/**
 * Agora as many processes on this machine: PostgreSQL with a role for each agent, Redis where there is one, agents in
 * groups, saga workers and gateways, each started by the very command that a container would run, and kept running.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startEmbeddedPostgres } from '../../db/embedded-postgres.ts';
import { freePort } from '../../db/embedded-postgres/free-port.ts';
import { keepRunning } from '../../db/embedded-postgres/keep-running.ts';
import { kyselyOver } from '../../db/kysely.ts';
import { createPool } from '../../db/pool.ts';
import { hasRedisServer, type RedisServer, startRedis } from '../../db/redis-server.ts';
import { makeFolder } from '../../platform/folders.ts';
import { formatKeyRing } from '../../platform/secrets/key-ring.ts';
import { type Config, configSchema } from '../../platform/config/config.ts';
import type { AgentDefinition } from '../../platform/agent/define-agent.ts';
import { loadAgents } from '../../subgraphs/index.ts';
import { connectionLimits } from '../../db/connect/connection-counts.ts';
import { aboutDemo, type Installation, installationIn } from '../../db/connect/installation.ts';
import { formatTokenKeys, parseTokenKeys, verifyingKeys } from '../../platform/identity/token-keys.ts';
import { keyRing } from '../../platform/secrets/key-files.ts';
import { requireDatabaseOfKeys } from '../../db/connect/lost-database.ts';
import { signerAndSecrets } from '../../db/connect/known-keys.ts';
import { tokenKey } from '../../platform/secrets/token-key.ts';
import { Member } from './member.ts';
import { roleAddresses } from './role-addresses.ts';
import { type Role, rolesOf } from './roles.ts';

const ROOT = join(import.meta.dirname, '../..');
/** PostgreSQL's least `max_connections`: tests and the curious have some beside the processes. */
const MIN_CONNECTIONS = 300;
/** Variables that production refuses, and a trial has: docs/your-own-shop.md. */
const TRIAL = { DEMO_DATA: 'on', PAYMENT_SIMULATOR: 'on' };
/** Time for all members to find one another after they are ready, in milliseconds. */
const KNOWN_MS = 30_000;

/** Options of a cluster. */
export interface ClusterOptions {
  /** The folder of the database, the keys and the passwords. */
  data: string;
  /** Ports of the gateways, one each; 0 takes a free one. @default two free ones */
  gatewayPorts?: readonly number[];
  /** Processes of each group of agents. @default 1 */
  agentReplicas?: number;
  /** Variables of all processes, over those that we set. */
  env?: Record<string, string>;
  /** Settings of PostgreSQL, over ours. */
  postgres?: Record<string, string>;
  /** PostgreSQL keeps figures of each statement. @default false */
  keepsStatementStatistics?: boolean;
  /** Without Redis, though this machine has one. */
  withoutRedis?: boolean;
  /** Loads the demo data, once. @default false */
  demo?: boolean;
  /** Goes on with other keys than those that the database was used with. */
  newKeys?: boolean;
  /** Aborts a start that is under way, and ends all that it has begun. A started cluster is ended by `stop`. */
  signal?: AbortSignal;
  /** Called with each thing that happens, a line at a time. */
  report(line: string): void;
  /** Called with each line that a process writes. @default not called */
  onLine?(member: string, line: string): void;
}

/** A running cluster. */
export interface Cluster {
  readonly members: readonly Member[];
  /** Addresses of the gateways. */
  readonly gateways: readonly string[];
  /** Address of the database, as its owner. */
  readonly databaseUrl: string;
  /** Undefined where this machine has no Redis. */
  readonly redis: RedisServer | undefined;
  /** Whether the demo's accounts can sign in. */
  readonly withDemo: boolean;
  /** A member by its name. @throws Error if there is none */
  member(name: string): Member;
  /** Ends everything: gateways first, the database last. */
  stop(): Promise<void>;
}

/** Starts all members, and waits until they are ready. @throws Error after it has ended those that it had begun */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { data, report, signal, keepsStatementStatistics } = options;
  makeFolder(data);
  const endings: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (let end = endings.pop(); end; end = endings.pop()) await end();
  };
  try {
    const agents = await loadAgents();
    const roles = rolesOf(agents, options.agentReplicas);
    const settings = { max_connections: connectionsFor(roles, agents), ...options.postgres };
    requireDatabaseOfKeys(configOf(data), `remove the folder ${data} to begin anew`);
    const embedded = {
      dataDir: join(data, 'postgres'),
      log: () => {},
      settings,
      keepsStatementStatistics,
      endsWithUs: true,
      alone: true,
    };
    const postgres = await startEmbeddedPostgres(embedded);
    const onFailure = (error: unknown): void =>
      report(`PostgreSQL did not start again, and will be tried again: ${(error as Error).message}`);
    const kept = keepRunning(postgres, { ...embedded, onFailure });
    endings.push(() => kept.stop());
    const redis = hasRedisServer() && !options.withoutRedis ? await startRedis() : undefined;
    if (redis) endings.push(() => redis.stop());
    report(
      redis
        ? 'PostgreSQL and Redis run'
        : 'PostgreSQL runs; there is no redis-server, so each gateway counts limits by itself',
    );

    const { roles: addresses, withDemo, keys } = await prepare(options, postgres);
    // AGORA_DATA: files of processes, such as mails, belong to this Agora too.
    const env = { AGORA_DATA: data, ...keys, ...addresses, ...(redis && { REDIS_URL: redis.url }), ...options.env };
    const ports = await Promise.all([0, 1].map(async (n) => options.gatewayPorts?.[n] || (await freePort(0))));
    const members = membersOf(roles, env, {
      ...options,
      gatewayPorts: ports,
    });
    endings.push(() => Promise.all(members.filter((one) => !isGateway(one)).map((one) => one.stop())));
    endings.push(() => Promise.all(members.filter(isGateway).map((one) => one.stop())));
    const started = Promise.all(members.map((one) => one.start()));
    await unlessAborted(
      started.then(() => Promise.all(members.filter(isGateway).map(knowsAll))),
      signal,
    );
    return {
      members,
      get gateways() {
        return members.filter(isGateway).map(({ url }) => url!);
      },
      databaseUrl: postgres.url,
      redis,
      withDemo,
      member(name) {
        const found = members.find((one) => one.name === name);
        if (!found) throw new Error(`There is no process ${name}, only ${members.map((one) => one.name).join(', ')}.`);
        return found;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** PostgreSQL's `max_connections`: the most that the processes open while one of each is being replaced. */
function connectionsFor(roles: readonly Role[], all: readonly AgentDefinition[]): string {
  const processes = roles.map(({ agents, replicas }) => ({
    agents: all.filter(({ name }) => agents.includes(name)),
    replicas: replicas + 1,
  }));
  return String(Math.max(MIN_CONNECTIONS, connectionLimits(processes).maxConnections));
}

/** The same promise, but it rejects as soon as the signal aborts. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal = new AbortController().signal): Promise<T> {
  signal.throwIfAborted();
  const aborted = once(signal, 'abort').then(() => Promise.reject(signal.reason as Error));
  return Promise.race([work, aborted]);
}

const isGateway = ({ name }: Member): boolean => name.startsWith('gateway');

/**
 * Waits until a gateway has found every agent: it is ready without them. @throws Error with the missing ones, after a
 * while
 */
async function knowsAll({ name, url }: Member): Promise<void> {
  for (const deadline = performance.now() + KNOWN_MS; ; await sleep(50)) {
    const response = await fetch(`${url}/health/detailed`);
    const { subgraphs } = (await response.json()) as { subgraphs: { name: string; status: string }[] };
    const missing = subgraphs.filter(({ status }) => status === 'DOWN').map((agent) => agent.name);
    if (missing.length === 0) return;
    if (performance.now() > deadline) throw new Error(`${name} does not find the agents ${missing.join(', ')}.`);
  }
}

/** Migrates the database and gives each agent its role, by the commands that an operator runs. */
async function prepare(
  { data, demo, newKeys, report, signal }: ClusterOptions,
  postgres: { url: string; adminUrl: string },
): Promise<{ roles: Record<string, string>; withDemo: boolean; keys: Record<string, string> }> {
  const admin = new URL(postgres.adminUrl);
  admin.pathname = new URL(postgres.url).pathname;
  const owners = [...(await loadAgents()).map(({ name }) => name), 'gateway'];
  const roles = roleAddresses(join(data, 'roles.env'), owners, postgres.url);
  // Neither the addresses of another database, nor files of keys: the commands are given the keys themselves.
  const inherited = Object.entries(process.env).filter(([name]) => !/^DATABASE_|_KEYS?_FILE$/.test(name));
  const env = { ...Object.fromEntries(inherited), DATABASE_URL: postgres.url, DATABASE_ADMIN_URL: admin.href };
  const run = async (command: readonly string[], more?: Record<string, string>): Promise<string[]> => {
    const options = { cwd: ROOT, env: { ...env, ...more }, signal };
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', ...command], options);
    return stdout.split('\n').filter(Boolean);
  };
  for (const line of await run(['bin/db-migrate.ts'])) report(line);
  for (const line of await run(['bin/db-roles.ts'], roles)) if (!line.endsWith('its password is set')) report(line);
  const { withDemo, isNew } = await begun(postgres.url, { data, demo, newKeys });
  const keys = keysOf(data);
  if (demo && !withDemo) report(aboutDemo({ withDemo, isNew }, true)!);
  if (demo && withDemo)
    for (const line of await run(['bin/load-demo.ts'], { LOG_LEVEL: 'warn', ...TRIAL, ...keys })) report(line);
  return { roles, withDemo, keys };
}

/**
 * How the database was begun; begins it, if it was not yet. @throws {Fault} as `knownKeys`, before keys are made in
 * place of others
 */
async function begun(
  url: string,
  { data, demo = false, newKeys }: Pick<ClusterOptions, 'data' | 'demo' | 'newKeys'>,
): Promise<Installation> {
  const pool = createPool({ url, max: 1, name: 'agora installation' });
  try {
    const kysely = kyselyOver(pool);
    await signerAndSecrets(kysely, configOf(data), newKeys);
    return await installationIn(kysely, demo);
  } finally {
    await pool.end();
  }
}

/** The keys that all processes share, as variables. They are kept in this folder, and generated at the first start. */
export function keysOf(data: string): Record<string, string> {
  const config = configOf(data);
  const key = tokenKey(config);
  const rings = (['REQUEST_KEYS', 'EVENT_KEYS', 'SECRET_KEYS'] as const).map(
    (name) => [name, formatKeyRing(keyRing(config, name))] as const,
  );
  const publicKey = formatTokenKeys(verifyingKeys(parseTokenKeys(key)));
  return { ...Object.fromEntries(rings), TOKEN_KEY: key, TOKEN_PUBLIC_KEY: publicKey };
}

/** Configuration of these keys: only their folder. */
const configOf = (data: string): Config => ({ ...configSchema.parse({}), AGORA_DATA: data });

/** Variables of ours that a process must not inherit, the files of keys among them: it is given the keys themselves. */
const OURS = /^(DATABASE_|REDIS_|NODE_OPTIONS$|AGORA_|PORT$|AGENT_)|_KEYS?_FILE$/;

function membersOf(roles: readonly Role[], shared: Record<string, string>, options: ClusterOptions): Member[] {
  const { report, onLine = () => {}, gatewayPorts = [] } = options;
  const inherited = Object.entries(process.env).filter(([name]) => !OURS.test(name)) as [string, string][];
  const common: Record<string, string> = {
    ...Object.fromEntries(inherited),
    NODE_ENV: 'production',
    // A trial, with a database of its own on this machine.
    ...TRIAL,
    LOG_LEVEL: 'warn',
    // For people who try it out, GraphiQL among their tools; a deployment decides it itself.
    INTROSPECTION: 'on',
    ...shared,
  };
  return roles.flatMap(({ name: role, command, replicas }) =>
    Array.from({ length: replicas }, (_, n) => {
      const name = replicas > 1 ? `${role}-${n + 1}` : role;
      const env =
        role === 'gateway'
          ? { ...withoutSecretsOfAgents(common), PORT: String(gatewayPorts[n]) }
          : { ...common, AGENT_NAME: name };
      return new Member({
        name,
        command: ['bin/agora.mjs', ...command],
        env,
        readyAt: (output) => /(?:ready|answers) at (https?:\/\/[^\s/]+)/.exec(output)?.[1],
        onLine: (line) => onLine(name, line),
        report,
      });
    }),
  );
}

/** The variables of a gateway: it verifies tokens and cannot sign them. */
const withoutSecretsOfAgents = (env: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).filter(([name]) => !['TOKEN_KEY', 'EVENT_KEYS', 'SECRET_KEYS'].includes(name)),
  );
