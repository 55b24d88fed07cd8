/**
 * A host runs agents in one process: it builds them on their ground, works their consumers and duties, and records
 * their life. Embedded, one host runs all of them.
 */
import { readFileSync } from 'node:fs';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Kysely } from 'kysely';
import type { Pool } from 'pg';
import { createAsk, type Reach } from '../commands/ask.ts';
import { forgetOldKeys } from '../data/idempotency.ts';
import { createStore } from '../data/store.ts';
import { Bell } from '../events/bell.ts';
import type { Envelope } from '../events/event-log.ts';
import { Consumer } from '../events/consumer.ts';
import { LiveLog } from '../events/live.ts';
import { resolversOf } from '../graphql/resolvers.ts';
import { createSubgraph, type Subgraph } from '../graphql/subgraph.ts';
import { typeDefsOf } from '../graphql/type-defs.ts';
import { startSagaWorker } from '../sagas/worker.ts';
import { sleep } from '../sleep.ts';
import type { AgentDefinition, AgentParts, Duty } from './define-agent.ts';
import { loadDemo } from './load-demo.ts';
import { performDuty } from './duty.ts';
import type { Ground } from './ground.ts';
import { type AgentStatus, heartbeat, recordStatus } from './registry.ts';

/** What a host is made of: the parts of {@link Ground} that all agents share, and the database. */
export interface HostOptions extends Pick<Ground, 'config' | 'log' | 'clock' | 'tokens'> {
  /** The agents to run here. */
  agents: readonly AgentDefinition[];
  /** All agents there are. @default agents */
  roster?: readonly AgentDefinition[];
  kysely: Kysely<any>;
  ormFor(kysely: Kysely<any>, options: { schema: string; entities: AgentDefinition['entities'] }): Promise<MikroORM>;
  /** For the saga worker, which manages its own statements. */
  sagas: { url: string; pool: Pool };
  /** The name of this process, stable over restarts. */
  instance: string;
  /** Reaches agents that run elsewhere. */
  reach?: Reach;
}

/** An agent that is built and runs, or could. */
interface Resident {
  definition: AgentDefinition;
  parts: AgentParts;
  subgraph: Subgraph;
  consumer?: Consumer;
}

/** Running agents. */
export interface Host {
  /** Their parts of the graph. */
  readonly subgraphs: readonly Subgraph[];
  /** The end of the event log, for whoever follows it in this process. */
  readonly live: LiveLog;
  /** Tells of every event that this process's commands publish, at once after the commit. */
  onPublished(listener: (event: Envelope) => void): void;
  /** Starts consumers, duties and sagas. */
  start(): Promise<void>;
  /** Loads the demo data that is not in yet. */
  loadDemo(report: (line: string) => void): Promise<void>;
  /** Ends the work in hand, and records the end; also of a start that failed half-way. */
  stop(reason: string): Promise<void>;
}

const HEARTBEAT_MS = 10_000;

/** Builds the agents. Nothing runs until `start`. */
export async function createHost(options: HostOptions): Promise<Host> {
  const { kysely, log, clock } = options;
  const bell = new Bell();
  const live = new LiveLog({ kysely, bell, log });
  const listeners: ((event: Envelope) => void)[] = [];
  const onCommit = (events: readonly Envelope[]): void =>
    events.forEach((event) => listeners.forEach((listen) => listen(event)));
  const residents = new Map<string, Resident>();
  const reach: Reach = (name) => residents.get(name)?.subgraph ?? options.reach?.(name);
  for (const definition of options.agents)
    residents.set(definition.name, await settle(definition, { ...options, bell, live, reach, onCommit }));

  const ending = new AbortController();
  const running: Promise<void>[] = [];
  let worker: { stop(): Promise<void> } | undefined;
  const record = async (status: AgentStatus, reason?: string): Promise<void> => {
    for (const { definition } of residents.values()) {
      await recordStatus(kysely, definition, status, { now: clock.now(), instance: options.instance, reason });
    }
    bell.ring();
  };

  return {
    subgraphs: [...residents.values()].map((resident) => resident.subgraph),
    live,
    onPublished: (listener) => void listeners.push(listener),
    loadDemo: (report) => loadDemo({ kysely, log, report, agents: [...residents.values()] }),
    async start() {
      await record('STARTING');
      running.push(live.run(ending.signal), beat(options, [...residents.keys()], ending.signal));
      for (const resident of residents.values()) running.push(...(await work(resident, options, ending.signal)));
      worker = await startWorker(residents, options, reach);
      await record('RUNNING');
    },
    async stop(reason) {
      const complain = (error: unknown): void => log.warn({ err: error }, 'did not stop cleanly');
      await record('STOPPING').catch(complain);
      ending.abort();
      await worker?.stop().catch(complain);
      await Promise.all(running);
      await record('STOPPED', reason).catch(complain);
    },
  };
}

/** Puts an agent on its ground. */
async function settle(
  definition: AgentDefinition,
  shared: HostOptions & { bell: Bell; live: LiveLog; reach: Reach; onCommit(events: readonly Envelope[]): void },
): Promise<Resident> {
  const { kysely, bell, live, reach, config, clock, tokens } = shared;
  const { name, entities } = definition;
  const orm = await shared.ormFor(kysely, { schema: name, entities });
  const log = shared.log.child({ agent: name });
  const store = createStore({ agent: name, kysely, orm, bell, onCommit: shared.onCommit });
  const roster = shared.roster ?? shared.agents;
  const parts = definition.build({ config, log, clock, store, ask: createAsk(name, reach), live, tokens, roster });
  const typeDefs = typeDefsOf(readFileSync(new URL('schema.graphql', definition.at), 'utf8'));
  const subgraph = createSubgraph(name, typeDefs, resolversOf(typeDefs, parts.resolvers as Record<string, object>));
  const { handlers = [] } = parts;
  const consumer = handlers.length ? new Consumer({ agent: name, kysely, orm, bell, log, handlers }) : undefined;
  return { definition, parts, subgraph, consumer };
}

/** Starts what an agent does by itself. */
async function work(
  { consumer, parts, definition }: Resident,
  options: HostOptions,
  signal: AbortSignal,
): Promise<Promise<void>[]> {
  const { kysely, log, clock } = options;
  const agent = definition.name;
  const forgetKeys: Duty = {
    name: 'forget idempotency keys',
    everySeconds: 3600,
    run: async () => void (await forgetOldKeys(kysely, agent, clock.now())),
  };
  const running = [forgetKeys, ...(parts.duties ?? [])].map((duty) =>
    performDuty(duty, { kysely, log, agent }, signal),
  );
  if (consumer) {
    await consumer.register();
    running.push(consumer.run(signal));
  }
  return running;
}

async function startWorker(residents: Map<string, Resident>, options: HostOptions, reach: Reach) {
  const orchestrator = [...residents.values()].find((resident) => resident.parts.sagas);
  if (!orchestrator) return undefined;
  const { definition, parts } = orchestrator;
  return startSagaWorker({
    ...options.sagas,
    executor: options.instance,
    ask: createAsk(definition.name, reach),
    clock: options.clock,
    log: options.log,
    sagas: parts.sagas!,
    onFailedAttempt: parts.onFailedAttempt?.bind(parts) ?? (async () => {}),
  });
}

async function beat({ kysely, clock, log }: HostOptions, agents: string[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await heartbeat(kysely, agents, clock.now()).catch((error) => log.warn({ err: error }, 'no heartbeat'));
    await sleep(HEARTBEAT_MS, signal);
  }
}
