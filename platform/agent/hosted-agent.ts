/** An agent that is built, its start and its supervision. */
import { handleAll, retry } from 'cockatiel';
import type { Kysely } from 'kysely';
import { Fault } from '../errors.ts';
import type { Consumer } from '../consumers/consumer.ts';
import { placeOf } from '../projections/projection.ts';
import type { Rebuild } from '../projections/rebuild.ts';
import type { Subgraph } from '../graphql/subgraph.ts';
import type { Logger } from '../log.ts';
import { triesOf } from '../resilience/guard.ts';
import { START_RETRY } from '../resilience/policies.ts';
import { sleep } from '../sleep.ts';
import type { AgentDefinition, AgentParts, BackgroundTask, ScheduledJob } from './define-agent.ts';
import { runScheduledJob } from './scheduled-job.ts';
import type { AgentLifecycle } from './agent-lifecycle.ts';
import type { AgentLifecycles } from './agent-lifecycles.ts';
import { asks, startOrder } from './start-order.ts';
import { RESTART, type RestartPace, supervise } from './supervise.ts';

/** An agent that is built and runs, or could. */
export interface HostedAgent {
  name: string;
  /** Its own connections, or those that all agents of the process share. */
  kysely: Kysely<any>;
  /** Its connections for scheduled jobs. */
  sessions: Kysely<any>;
  definition: AgentDefinition;
  parts: AgentParts;
  subgraph: Subgraph;
  /** Its own consumer, if it handles events, and those of its projections. */
  consumers: readonly Consumer[];
  /** The rebuilds of its projections. */
  rebuilds: readonly Rebuild[];
  lifecycle: AgentLifecycle;
}

/** Options for starting the agents of a process. */
export interface StartOptions {
  log: Logger;
  lifecycles: AgentLifecycles;
  pace?: RestartPace;
}

/** The signal that ends the started parts, and the list of their promises. */
export interface Until {
  signal: AbortSignal;
  running: Promise<void>[];
}

/** Event types that each consumer handles, those of rebuilds included. */
export const handledBy = (hostedAgents: readonly HostedAgent[]): ReadonlyMap<string, readonly string[]> =>
  new Map(
    hostedAgents.flatMap(({ name, definition, parts }) => {
      const own = parts.handlers?.length ? [[name, parts.handlers] as const] : [];
      const projections = (definition.projections ?? []).flatMap((projection) => {
        const { consumer, next } = placeOf(name, projection);
        return [consumer, next].map((each) => [each, projection.handlers] as const);
      });
      return [...own, ...projections].map(
        ([consumer, handlers]) => [consumer, handlers.map(({ type }) => type)] as const,
      );
    }),
  );

/**
 * Starts agents in parallel, each after those that it asks, and returns those that have started. An agent that does not
 * start after some tries has FAILED, and is retried now and then, beside the others. @throws Fault if none starts
 */
export async function startAll(
  hostedAgents: readonly HostedAgent[],
  options: StartOptions,
  until: Until,
): Promise<HostedAgent[]> {
  const asked = new Map(hostedAgents.map((hosted) => [hosted, asks(hosted.definition)]));
  const starts = new Map<string, Promise<void>>();
  const started: HostedAgent[] = [];
  const errors: unknown[] = [];
  const startAfter = async (before: readonly Promise<void>[], hosted: HostedAgent): Promise<void> => {
    await Promise.all(before);
    if (until.signal.aborted) return;
    try {
      await start(hosted, options, until);
      started.push(hosted);
    } catch (error) {
      errors.push(error);
      fail(hosted, 'start', error, options);
      until.running.push(startLater(hosted, options, until));
    }
  };
  // In a cycle of agents that ask one another, the first in this order waits for none.
  for (const hosted of startOrder(hostedAgents, (one) => asked.get(one)!)) {
    const before = asked.get(hosted)!.flatMap((name) => starts.get(name) ?? []);
    starts.set(hosted.name, startAfter(before, hosted));
  }
  await Promise.all(starts.values());
  if (started.length === 0 && errors.length > 0)
    throw new Fault('NO_AGENT_STARTED', `No agent could be started: ${(errors[0] as Error).message}`, {
      cause: errors[0],
    });
  return started;
}

async function startLater(hosted: HostedAgent, options: StartOptions, until: Until): Promise<void> {
  for (;;) {
    await sleep((options.pace ?? RESTART).rareMs, until.signal);
    if (until.signal.aborted) return;
    try {
      await start(hosted, options, until);
      hosted.lifecycle.mended('start');
      return hosted.lifecycle.started();
    } catch (error) {
      options.lifecycles.erred(hosted.name, error, { part: 'start' });
    }
  }
}

const untilStarted = retry(handleAll, triesOf(START_RETRY));

/** Prepares an agent, with a few retries, then starts its jobs, its consumer and its background tasks. */
async function start(hosted: HostedAgent, options: StartOptions, until: Until): Promise<void> {
  await untilStarted.execute(async () => {
    await hosted.parts.start?.();
    for (const consumer of hosted.consumers) await consumer.register();
  });
  for (const job of hosted.parts.scheduledJobs ?? []) until.running.push(keepJob(hosted, job, options, until.signal));
  for (const task of tasksOf(hosted)) until.running.push(keepTask(hosted, task, options, until.signal));
  for (const rebuild of hosted.rebuilds) until.running.push(rebuild.run(until.signal));
}

function keepJob(hosted: HostedAgent, job: ScheduledJob, options: StartOptions, signal: AbortSignal): Promise<void> {
  const { log, pace = RESTART } = options;
  const part = `job ${job.name}`;
  return runScheduledJob(
    job,
    {
      kysely: hosted.sessions,
      log,
      agent: hosted.name,
      pace,
      onFailure(error, failures) {
        options.lifecycles.erred(hosted.name, error, { part });
        if (failures === pace.limit) fail(hosted, part, error, options);
      },
      onRecovery: () => hosted.lifecycle.mended(part),
    },
    signal,
  );
}

/** Its consumers and its background tasks. */
const tasksOf = ({ name, consumers, parts }: HostedAgent): BackgroundTask[] => [
  ...consumers.map((consumer) => ({
    name: consumer.name === name ? 'consumer' : `consumer ${consumer.name}`,
    run: (signal: AbortSignal) => consumer.run(signal),
  })),
  ...(parts.backgroundTasks ?? []).map(({ name: task, run }) => ({ name: `task ${task}`, run })),
];

function keepTask(
  hosted: HostedAgent,
  { name: part, run }: BackgroundTask,
  options: StartOptions,
  signal: AbortSignal,
): Promise<void> {
  const { log, lifecycles, pace } = options;
  let last: unknown;
  return supervise(run, {
    signal,
    pace,
    onFailure(error) {
      last = error;
      log.warn({ err: error, agent: hosted.name, part }, 'a part of an agent failed and is started again');
      lifecycles.erred(hosted.name, error, { part });
    },
    onBroken: () => fail(hosted, part, last, options),
    onMended: () => hosted.lifecycle.mended(part),
  });
}

/** Marks an agent as FAILED after several failures of a part, and reports it for an operator to look at. */
function fail({ name, lifecycle }: HostedAgent, part: string, error: unknown, { lifecycles }: StartOptions): void {
  const fault = new Fault('AGENT_FAILED', `The agent ${name} has failed: ${part} does not work.`, {
    severity: 'CRITICAL',
  });
  lifecycles.erred(name, error, { part });
  lifecycles.erred(name, fault, { part });
  lifecycle.broken(part);
}
