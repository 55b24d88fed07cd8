/** The whole of Agora on a database of its own, behind its gateway, as a client meets it. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createClient } from 'graphql-ws';
import type { Kysely } from 'kysely';
import WebSocket from 'ws';
import { ApiKeys, identityOf } from '../../gateway/identity/api-keys.ts';
import { authenticateWith } from '../../gateway/identity/authenticate.ts';
import { revocationsOf } from '../../gateway/identity/known-revocations.ts';
import { LIMITS } from '../../gateway/limits/limits.ts';
import { createGateway } from '../../gateway/server.ts';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { configuredStore } from '../../platform/files/configured.ts';
import type { Actor } from '../../platform/identity/actor.ts';
import { type Logger, silentLogger } from '../../platform/log.ts';
import { agentNames } from '../../subgraphs/index.ts';
import { type AgentsOptions, openAgents, type TestAgents } from './agents.ts';
import { PATIENCE_MS } from './patience.ts';

/** An answer of the graph. */
export interface Answer {
  // biome-ignore lint/suspicious/noExplicitAny: a test knows the shape it asked for
  data?: any;
  errors?: { message: string; path?: (string | number)[]; extensions?: { code?: string } }[];
  status: number;
}

/** Agora under test. */
export interface TestPlatform {
  url: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test names the tables it reads
  kysely: Kysely<any>;
  /** A query or mutation over HTTP, as this actor. */
  ask(query: string, variables?: Record<string, unknown>, as?: Actor): Promise<Answer>;
  /** A subscription over a WebSocket: its events so far, and how to wait for more of them. */
  watch(query: string, variables?: Record<string, unknown>, as?: Actor): Watch;
  close(): Promise<void>;
}

/** Agora under test in this process, which holds the key of its tokens. */
export interface SigningPlatform extends TestPlatform {
  /** An access token for this actor, good for so many seconds from now on. @default 900 */
  token(as: Actor, seconds?: number): Promise<string>;
}

/** Agora under test in this process, with its agents at hand. */
export interface EmbeddedPlatform extends SigningPlatform {
  agents: TestAgents;
}

/** A subscription under test. */
export interface Watch {
  // biome-ignore lint/suspicious/noExplicitAny: a test knows the shape it asked for
  readonly events: any[];
  /** Resolves with the events once the condition holds. @throws Error with the events so far, at the timeout */
  // biome-ignore lint/suspicious/noExplicitAny: a test knows the shape it asked for
  until(condition: (events: any[]) => boolean): Promise<any[]>;
  /** Resolves when the server has ended the subscription. */
  readonly ended: Promise<void>;
  /** Why it broke off, if it did: its connection was refused or closed. */
  readonly failure: unknown;
  stop(): Promise<void>;
}

/** Options of a start. */
interface PlatformOptions {
  config?: Record<string, string>;
  log?: Logger;
  clock?: Clock;
}

/** Options of a start in this process. */
type EmbeddedOptions = PlatformOptions & Pick<AgentsOptions, 'standby'>;

/** Starts everything but the demo data: in this process, or as many processes where `distributed.ts` says so. */
export async function openPlatform(options: PlatformOptions = {}): Promise<SigningPlatform> {
  if (process.env.AGORA_TEST_DISTRIBUTED) {
    const { openCluster } = await import('./cluster-platform.ts');
    return openCluster({ env: options.config });
  }
  return openEmbedded(options);
}

/** Starts everything but the demo data in this process. */
export async function openEmbedded(options: EmbeddedOptions = {}): Promise<EmbeddedPlatform> {
  const names = agentNames();
  const agents = await openAgents(names, { start: true, clock: systemClock, ...options });
  const log = options.log ?? silentLogger;
  const known = await revocationsOf(agents.host, { tokenSeconds: 900, log });
  const authenticate = authenticateWith(
    agents.tokens,
    known.revocations,
    new ApiKeys({ identity: identityOf(agents.host.subgraphs), seconds: 900 }),
  );
  const isReady = () => ({ ready: true, details: {} });
  const gateway = await createGateway({
    subgraphs: agents.host.subgraphs,
    authenticate,
    log,
    isReady,
    files: configuredStore(agents.config),
    // A busy machine may take longer than a client is allowed.
    limits: { ...LIMITS, connectionInitMs: PATIENCE_MS },
  });
  gateway.server.listen(0, '127.0.0.1');
  await once(gateway.server, 'listening');
  const stopPolling = known.polling.start();
  const address = `127.0.0.1:${(gateway.server.address() as AddressInfo).port}/graphql`;
  const token = async (as: Actor, seconds = 900): Promise<string> =>
    (await agents.tokens.sign(as.claims(), seconds, new Date())).token;
  const authorization = async (as?: Actor): Promise<Record<string, string>> =>
    as ? { authorization: `Bearer ${await token(as)}` } : {};

  return {
    url: `http://${address}`,
    agents,
    kysely: agents.kysely,
    token,
    async ask(query, variables, as) {
      const headers: Record<string, string> = { 'content-type': 'application/json', ...(await authorization(as)) };
      const response = await fetch(`http://${address}`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ query, variables }),
      });
      return { ...((await response.json()) as object), status: response.status };
    },
    watch: (query, variables, as) => watch(`ws://${address}`, { query, variables }, () => authorization(as)),
    async close() {
      await stopPolling();
      await gateway.close();
      await agents.close();
    },
  };
}

/** Opens a subscription on a connection of its own. */
export function watch(
  url: string,
  payload: { query: string; variables?: Record<string, unknown> },
  connectionParams: () => Promise<Record<string, string>>,
): Watch {
  const client = createClient({ url, webSocketImpl: WebSocket, connectionParams, retryAttempts: 0 });
  const events: unknown[] = [];
  let failure: unknown;
  const { promise: ended, resolve: complete } = Promise.withResolvers<void>();
  client.subscribe(payload, { next: (event) => events.push(event), error: (error) => (failure = error), complete });
  return {
    events,
    ended,
    get failure() {
      return failure;
    },
    async until(condition) {
      const deadline = Date.now() + PATIENCE_MS;
      while (!condition(events)) {
        if (failure || Date.now() > deadline)
          throw new Error(`waited in vain; came: ${JSON.stringify(failure ?? events)}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return events;
    },
    stop: async () => client.dispose(),
  };
}
