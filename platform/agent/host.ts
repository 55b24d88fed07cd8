/**
 * A host runs agents in one process: it builds them on their contexts, runs their consumers and scheduled jobs, and
 * records their lifecycle. Embedded, one host runs all of them.
 */
import { fileURLToPath } from 'node:url';
import type { Kysely } from 'kysely';
import type { Pool } from 'pg';
import { createAsk, type Reach } from '../commands/ask.ts';
import { createStore } from '../store/store.ts';
import { LogNotifier } from '../events/log-notifier.ts';
import type { Envelope } from '../events/event-log.ts';
import { Backstop } from '../consumers/backstop.ts';
import { Consumer } from '../consumers/consumer.ts';
import { EventCheck } from '../events/event-check.ts';
import { LiveLog } from '../events/live.ts';
import type { NotifierRelay } from '../events/notifier-relay.ts';
import type { EventSigner } from '../events/signing.ts';
import { resolversOf } from '../graphql/resolvers.ts';
import { roomSdl } from '../graphql/room-sdl.ts';
import { gateLog } from '../gate/gate-log.ts';
import { guardSubgraph } from '../gate/guard-subgraph.ts';
import { createSubgraph, type Subgraph, type SubgraphEndpoint } from '../graphql/subgraph.ts';
import { typeDefsOf } from '../graphql/type-defs.ts';
import { claimsOfRooms } from '../identity/room-claims.ts';
import { newUuid } from '../ids.ts';
import { Breakers } from '../resilience/breakers.ts';
import { POLICIES } from '../resilience/policies.ts';
import { keepProjection } from '../projections/keep-projection.ts';
import { startSagaWorker } from '../sagas/worker.ts';
import { sleep } from '../sleep.ts';
import { countPublished } from '../telemetry/business-metrics.ts';
import { measureHost } from './host-metrics.ts';
import { observedSubgraph } from '../telemetry/observed-subgraph.ts';
import { readingSubgraph, standbyReads } from '../standby/reads.ts';
import type { Standby } from '../standby/standby.ts';
import { followResets } from './breaker-resets.ts';
import { followInstructions } from './instructions.ts';
import { type DatabaseProbe, DatabaseMonitor, probeOver } from './database-monitor.ts';
import type { AgentDefinition } from './define-agent.ts';
import { watched } from './error-reports.ts';
import type { DependencyHealth, SharedDependency } from './health.ts';
import { type HostHealth, hostHealth } from './host-health.ts';
import { AgentLifecycles } from './agent-lifecycles.ts';
import { keepForgettingKeys } from './forget-keys.ts';
import { loadDemo, untilFilled } from './load-demo.ts';
import type { AgentContext } from './agent-context.ts';
import { handledBy, type HostedAgent, startAll } from './hosted-agent.ts';
import { asks } from './start-order.ts';
import type { RestartPace } from './supervise.ts';

/** Options of a host: the parts of {@link AgentContext} that all agents share, and the database. */
export interface HostOptions extends Pick<AgentContext, 'config' | 'log' | 'clock' | 'tokens' | 'secrets'> {
  /** The agents to run here. */
  agents: readonly AgentDefinition[];
  /** All agents there are. @default agents */
  allAgents?: readonly AgentDefinition[];
  kysely: Kysely<any>;
  /** The connections of one agent, where agents have roles of their own. @default kysely */
  kyselyFor?(agent: string): Kysely<any>;
  /** Direct connections of an agent to PostgreSQL, for session locks that outlive transactions. @default kyselyFor */
  sessionsFor?(agent: string): Kysely<any>;
  /** The read replica for shoppers' reads of an agent whose reads may lag. @default none */
  standbyFor?(agent: string): { standby: Standby; kysely: Kysely<any> } | undefined;
  /** Signs and checks events. */
  signer: EventSigner;
  /** For the saga worker, which manages its own statements. */
  sagas: { url: string; pool: Pool };
  /** The name of this process, stable over restarts. */
  instance: string;
  /** This run of the process, a UUID. @default a new one */
  process?: string;
  /** Reaches agents that run elsewhere. */
  reach?: Reach;
  /** The circuit breakers of this process. @default some of its own */
  breakers?: Breakers;
  /** Wakes readers of the log in other processes. @default this process is alone */
  relay?: NotifierRelay;
  /** Dependencies of the agents here beside the database, such as Redis: their health is told with the agents'. */
  dependencies?: readonly SharedDependency[];
  /** The database's health probe. @default over `kysely` */
  database?: DatabaseProbe;
  /** The error of the configured database, if a fallback serves instead. */
  fallback?: Error;
  /** Backoff of restarts of failed parts. @default RESTART */
  pace?: RestartPace;
}

/** Options and services that the agents of a host share. */
type Shared = HostOptions & {
  notifier: LogNotifier;
  live: LiveLog;
  eventCheck: EventCheck;
  backstop: Backstop;
  reach: Reach;
  onCommit(events: readonly Envelope[]): void;
  breakers: Breakers;
  lifecycles: AgentLifecycles;
};

/** Running agents. */
export interface Host {
  /** The agents' subgraphs. */
  readonly subgraphs: readonly Subgraph[];
  /** The live tail of the event log, for subscribers in this process. */
  readonly live: LiveLog;
  /** Health of its agents. */
  readonly health: HostHealth;
  /** Has the listener called for every event that this process's commands publish, at once after the commit. */
  onPublished(listener: (event: Envelope) => void): void;
  /** Starts consumers, scheduled jobs and sagas. */
  start(): Promise<void>;
  /** Loads the demo data that is not loaded yet, and waits until projections show it, if they run here. */
  loadDemo(report: (line: string) => void): Promise<void>;
  /** Drains the work in hand and records the end, also of a start that failed half-way. */
  stop(reason: string): Promise<void>;
}

/** Timeout of recording the last status of agents when the database is away, in milliseconds. */
const LAST_WORDS_MS = 1500;

/** Builds the agents. Nothing runs until `start`. @throws Error for a claim that two agents declare */
export async function createHost(options: HostOptions): Promise<Host> {
  claimsOfRooms(options.allAgents ?? options.agents);
  const { kysely, log, clock } = options;
  const notifier = new LogNotifier(options.relay);
  const eventCheck = new EventCheck(options);
  const live = new LiveLog({ kysely, notifier, log, check: eventCheck });
  const listeners: ((event: Envelope) => void)[] = [countPublished];
  const onCommit = (events: readonly Envelope[]): void =>
    events.forEach((event) => listeners.forEach((listen) => listen(event)));
  const { breakers = new Breakers(clock), database = probeOver(kysely) } = options;
  const monitor = new DatabaseMonitor(database, clock);
  const lifecycles = new AgentLifecycles({
    ...options,
    process: options.process ?? newUuid(),
    breakers,
    monitor,
    onPublished: () => notifier.notify(),
  });
  const hostedAgents = new Map<string, HostedAgent>();
  const guards = new Map<string, SubgraphEndpoint>();
  const reach: Reach = (name) => guards.get(name) ?? options.reach?.(name);
  const backstop = new Backstop(log);
  const shared = { ...options, notifier, live, eventCheck, backstop, reach, onCommit, breakers, lifecycles };
  const all = await Promise.all(
    options.agents.map((definition) =>
      settle(definition, { ...shared, kysely: options.kyselyFor?.(definition.name) ?? kysely }),
    ),
  );
  for (const hosted of all) {
    hostedAgents.set(hosted.name, hosted);
    guards.set(hosted.name, guardSubgraph(hosted.subgraph, gateLog(log)));
  }

  const facts = { ...shared, monitor, agents: [...hostedAgents.keys()], handled: handledBy(all) };
  const ending = new AbortController();
  let stopMeasuring = (): void => {};
  const running: Promise<void>[] = [];
  let worker: { stop(): Promise<void> } | undefined;
  let starting: Promise<void> | undefined;

  const start = async (): Promise<void> => {
    const { signal } = ending;
    stopMeasuring = measureHost(facts);
    for (const { lifecycle } of all) lifecycle.starting();
    await monitor.look();
    await lifecycles.write();
    running.push(
      live.run(signal),
      backstop.run(signal),
      lifecycles.run(signal),
      followResets({ live, breakers, log, signal }),
    );
    running.push(followInstructions({ ...shared, signal }));
    const started = await startAll(all, shared, { signal, running });
    running.push(keepForgettingKeys(all, shared, signal));
    if (signal.aborted) return;
    worker = await startWorker(hostedAgents, shared);
    if (signal.aborted) return;
    for (const { lifecycle } of started) lifecycle.started();
    await lifecycles.write();
  };

  return {
    subgraphs: all.map((hosted) => hosted.subgraph),
    live,
    health: hostHealth(facts),
    onPublished: (listener) => void listeners.push(listener),
    async loadDemo(report) {
      const filled = await loadDemo({ ...options, report, agents: all });
      if (!starting) return;
      for (const { consumers } of all)
        for (const consumer of consumers) if (filled.includes(consumer.name)) consumer.lookAgain();
      await untilFilled({ ...options, report }, filled, ending.signal);
    },
    start: () => (starting = start()),
    async stop(reason) {
      const complain = (error: unknown): void => log.warn({ err: error }, 'did not stop cleanly');
      const write = async () => {
        const enough = new AbortController();
        await Promise.race([lifecycles.write(), sleep(LAST_WORDS_MS, enough.signal)]).finally(() => enough.abort());
      };
      for (const { lifecycle } of all) lifecycle.stopping();
      await write().catch(complain);
      stopMeasuring();
      ending.abort();
      // A start half-way holds connections that it has not handed over: closing their pool would wait for ever.
      await starting?.catch(() => {});
      await worker?.stop().catch(complain);
      await Promise.all(running);
      for (const { lifecycle } of all) lifecycle.stopped(reason);
      await write().catch(complain);
    },
  };
}

/** Milliseconds that a projection gathers a batch: nobody waits for it as a saga waits for a signal. */
const PROJECTION_GATHER_MS = 150;

/** Warning of an agent without row-level security, whose database has no reader role. */
const OPEN =
  'row-level security is off: no reader role in the database, so access.ts alone filters rows; run npm run db:roles';

/** Builds an agent on its context. */
async function settle(definition: AgentDefinition, shared: Shared): Promise<HostedAgent> {
  const { kysely, notifier, live, eventCheck, reach, config, clock, tokens, secrets, signer, breakers } = shared;
  const { lifecycles } = shared;
  const { name } = definition;
  const log = shared.log.child({ agent: name });
  const replica = definition.readsMayLag ? shared.standbyFor?.(name) : undefined;
  const reads = replica && standbyReads({ agent: name, primary: kysely, replica, log });
  const onOpen = (): void => log.warn(OPEN);
  const store = createStore({
    agent: name,
    kysely,
    reads,
    notifier,
    signer,
    confined: definition.confined,
    onOpen,
    onCommit: shared.onCommit,
  });
  const allAgents = shared.allAgents ?? shared.agents;
  const guards = breakers.of(name);
  // Created before the first call, so that the agent's dependencies can be seen from the beginning.
  for (const asked of asks(definition)) guards(`agent:${asked}`, { policy: POLICIES.command });
  const ask = createAsk(name, reach, guards);
  const context = { config, log, clock, store, ask, guards, live, eventCheck, tokens, secrets, allAgents };
  const parts = definition.build(context);
  const typeDefs = typeDefsOf(roomSdl(fileURLToPath(new URL('.', definition.at))));
  const bare = createSubgraph(name, typeDefs, resolversOf(typeDefs, parts.resolvers));
  const observed = observedSubgraph(replica ? readingSubgraph(bare) : bare);
  const subgraph = watched(observed, (error, correlationId) => lifecycles.erred(name, error, { correlationId }));
  const { handlers = [], backfill } = parts;
  const sessions = shared.sessionsFor?.(name) ?? kysely;
  const { begins, gatherMs = backfill ? PROJECTION_GATHER_MS : undefined } = definition;
  const reading = { agent: name, kysely, sessions, notifier, log, signer, tail: live.tail, backstop: shared.backstop };
  const own = handlers.length ? [new Consumer({ ...reading, handlers, begins, gatherMs, backfill })] : [];
  const kept = (definition.projections ?? []).map((projection) =>
    keepProjection(projection, { ...reading, context, gatherMs: PROJECTION_GATHER_MS }),
  );
  const consumers = [...own, ...kept.map(({ consumer }) => consumer)];
  const rebuilds = kept.map(({ rebuild }) => rebuild);
  return { name, kysely, sessions, definition, parts, subgraph, consumers, rebuilds, lifecycle: lifecycles.of(name) };
}

async function startWorker(hostedAgents: Map<string, HostedAgent>, options: Shared) {
  const orchestrator = [...hostedAgents.values()].find((hosted) => hosted.parts.sagas);
  if (!orchestrator) return undefined;
  const { definition, parts } = orchestrator;
  const { definitions, onFailedAttempt, verdict } = parts.sagas!;
  options.lifecycles.tell(definition.name, sagasHealth());
  return startSagaWorker({
    ...options.sagas,
    executor: options.instance,
    ask: createAsk(definition.name, options.reach, options.breakers.of(definition.name)),
    clock: options.clock,
    log: options.log.child({ agent: definition.name }),
    sagas: definitions,
    onFailedAttempt,
    verdict,
    notifiedAt: () => options.notifier.notifiedAt,
    onStanding: (why) => options.lifecycles.tell(definition.name, sagasHealth(why)),
  });
}

/** The sagas' engine as a dependency of the agent that has it: down while sagas stand still. */
function sagasHealth(why?: Error & { code?: unknown }): DependencyHealth {
  const lastCode = why ? (typeof why.code === 'string' ? why.code : why.name) : null;
  const lastError = why?.message.slice(0, 500) ?? null;
  return { name: 'sagas', status: why ? 'DOWN' : 'UP', latencyMs: null, breaker: null, lastError, lastCode };
}
