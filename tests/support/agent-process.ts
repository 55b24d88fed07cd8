/**
 * Agents in processes of their own, as `npm run agent` runs them, on one database; and a client that calls them, as a
 * gateway would.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ExecutionResult } from 'graphql';
import { migrateDatabase } from '../../db/connect/migrate-database.ts';
import { migrationSets } from '../../db/connect/migration-sets.ts';
import { systemClock } from '../../platform/clock.ts';
import type { Actor } from '../../platform/identity/actor.ts';
import { newId } from '../../platform/ids.ts';
import { silentLogger } from '../../platform/log.ts';
import { formatKeyRing, newKey } from '../../platform/secrets/key-ring.ts';
import { dieWithParent } from '../../platform/die-with-parent.ts';
import { Directory } from '../../platform/wire/directory.ts';
import { requestSigner } from '../../platform/wire/signed-request.ts';
import { loadAgents } from '../../subgraphs/index.ts';
import { type TestDatabase, testDatabase } from './database.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Time limit of a start on a busy machine, in milliseconds. */
const START_MS = 300_000;

/** Some agents in a process. */
export interface AgentProcess {
  pid: number;
  /** Address at which it answers: `http://127.0.0.1:41234`. */
  url: string;
  output(): string;
  /** Sends a signal and waits for the end. The exit code: null if the signal ended it. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Parts that several processes share. */
export interface Agora {
  database: TestDatabase;
  /** The variables of the processes. */
  env: Record<string, string>;
  /** The replicas that can be asked. */
  directory: Directory;
  /** Starts these agents in a process, and waits until they are ready. */
  start(names: readonly string[], env?: Record<string, string>): Promise<AgentProcess>;
  /** The same without waiting for it. */
  launch(names: readonly string[], env?: Record<string, string>): Launched;
  /** Asks an agent over the network. */
  ask(agent: string, query: string, variables: Record<string, unknown>, as: Actor): Promise<ExecutionResult<any>>;
  /** Ends all processes, and drops the database. */
  close(): Promise<void>;
}

/** A process that was started. */
export interface Launched {
  child: ChildProcess;
  output(): string;
  /** Waits until it is ready. @throws Error with its output, if it ends before */
  ready(): Promise<AgentProcess>;
}

/** Opens a database with its migrations, and keys, for agents in processes; no process runs yet. */
export async function openAgora(): Promise<Agora> {
  const agents = await loadAgents();
  const database = await testDatabase({ sets: migrationSets(agents) });
  await migrateDatabase(database.url, agents, () => {});
  const keys = [newKey()] as const;
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const env = {
    DATABASE_URL: database.url,
    DATABASE_POOL: '6',
    REQUEST_KEYS: formatKeyRing(keys),
    EVENT_KEYS: formatKeyRing([newKey()]),
    SECRET_KEYS: formatKeyRing([newKey()]),
    TOKEN_KEY: pem,
  };
  const signer = requestSigner(keys, 'gateway', systemClock);
  const directory = new Directory({ kysely: database.kysely, signer, log: silentLogger });
  const looking = new AbortController();
  const running = directory.run(looking.signal);
  const launched: Launched[] = [];
  const launch = (names: readonly string[], more = {}): Launched => {
    const one = launchAgents(names, { ...env, ...more });
    launched.push(one);
    return one;
  };
  return {
    database,
    env,
    directory,
    launch,
    start: (names, more) => launch(names, more).ready(),
    ask: (agent, query, variables, actor) =>
      directory.endpoint(agent).execute({ query, variables }, { actor, correlationId: newId('req') }),
    async close() {
      await Promise.all(launched.map(({ child }) => end(child, 'SIGKILL')));
      looking.abort();
      await running;
      directory.close();
      await database.drop();
    },
  };
}

/** Starts a process of agents, by the arguments of `npm run agent`, with these variables and no others of ours. */
export function launchAgents(names: readonly string[], env: Record<string, string>): Launched {
  const { NODE_OPTIONS: _, AGORA_NEWER_NODE: __, ...inherited } = process.env;
  const child = spawn(...dieWithParent(process.execPath, [join(ROOT, 'bin/agora.mjs'), 'bin/agent.ts', ...names]), {
    cwd: ROOT,
    env: { ...inherited, NODE_ENV: 'development', LOG_LEVEL: 'error', AGENT_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (part) => (text += part));
  child.stderr.on('data', (part) => (text += part));
  const output = (): string => text;
  return {
    child,
    output,
    async ready() {
      const deadline = performance.now() + START_MS;
      let url: string | undefined;
      while (!(url = /is ready at (https?:\S+)/.exec(text)?.[1])) {
        if (hasEnded(child) || performance.now() > deadline) throw new Error(`The agents did not start: ${text}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return { pid: child.pid!, url, output, end: (signal = 'SIGTERM') => end(child, signal) };
    },
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (!hasEnded(child)) {
    const ended = once(child, 'close');
    child.kill(signal);
    await ended;
  }
  return child.exitCode;
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;
