/** An agent that is built, and how it starts and is kept going. */
import { handleAll, retry } from 'cockatiel';
import type { Kysely } from 'kysely';
import type { Clock } from '../clock.ts';
import { forgetOldKeys } from '../data/idempotency.ts';
import { Fault } from '../errors.ts';
import type { Consumer } from '../consumers/consumer.ts';
import type { Subgraph } from '../graphql/subgraph.ts';
import type { Logger } from '../log.ts';
import { triesOf } from '../resilience/guard.ts';
import { START_RETRY } from '../resilience/policies.ts';
import { sleep } from '../sleep.ts';
import type { AgentDefinition, AgentParts, Duty } from './define-agent.ts';
import { performDuty } from './duty.ts';
import type { AgentLife } from './life.ts';
import type { Lives } from './lives.ts';
import { asks, startOrder } from './start-order.ts';
import { RESTART, type RestartPace, supervise } from './supervise.ts';

/** An agent that is built and runs, or could. */
export interface Resident {
  name: string;
  /** Its own connections, or those that all agents of the process share. */
  kysely: Kysely<any>;
  /** Its connections for duties. */
  sessions: Kysely<any>;
  definition: AgentDefinition;
  parts: AgentParts;
  subgraph: Subgraph;
  consumer?: Consumer;
  life: AgentLife;
}

/** What agents are started with. */
export interface StartGround {
  clock: Clock;
  log: Logger;
  lives: Lives;
  pace?: RestartPace;
}

/** Ends what was started, and where it is gathered. */
export interface Until {
  signal: AbortSignal;
  running: Promise<void>[];
}

/** What each agent's consumer handles. */
export const handledBy = (residents: readonly Resident[]): ReadonlyMap<string, readonly string[]> =>
  new Map(
    residents
      .filter(({ parts }) => parts.handlers?.length)
      .map(({ name, parts }) => [name, parts.handlers!.map((handler) => handler.type)]),
  );

/**
 * Starts agents, each after those that it asks, and returns those that have started. One that does not start after
 * some tries has failed, and is tried again now and then, beside the others. @throws Fault if none starts
 */
export async function startAll(residents: readonly Resident[], ground: StartGround, until: Until): Promise<Resident[]> {
  const started: Resident[] = [];
  const errors: unknown[] = [];
  for (const resident of startOrder(residents, ({ definition }) => asks(definition))) {
    if (until.signal.aborted) break;
    try {
      await start(resident, ground, until);
      started.push(resident);
    } catch (error) {
      errors.push(error);
      fail(resident, 'start', error, ground);
      until.running.push(startLater(resident, ground, until));
    }
  }
  if (started.length === 0 && errors.length > 0)
    throw new Fault('NO_AGENT_STARTED', `No agent could be started: ${(errors[0] as Error).message}`, {
      cause: errors[0],
    });
  return started;
}

async function startLater(resident: Resident, ground: StartGround, until: Until): Promise<void> {
  for (;;) {
    await sleep((ground.pace ?? RESTART).rareMs, until.signal);
    if (until.signal.aborted) return;
    try {
      await start(resident, ground, until);
      resident.life.mended('start');
      return resident.life.started();
    } catch (error) {
      ground.lives.erred(resident.name, error, { part: 'start' });
    }
  }
}

const untilStarted = retry(handleAll, triesOf(START_RETRY));

/** What must be done before it serves, tried a few times; then what it does by itself. */
async function start(resident: Resident, ground: StartGround, until: Until): Promise<void> {
  await untilStarted.execute(async () => {
    await resident.parts.start?.();
    await resident.consumer?.register();
  });
  const { consumer, name, kysely } = resident;
  const { clock } = ground;
  const forgetKeys: Duty = {
    name: 'forget idempotency keys',
    everySeconds: 3600,
    run: async () => void (await forgetOldKeys(kysely, name, clock.now())),
  };
  for (const duty of [forgetKeys, ...(resident.parts.duties ?? [])])
    until.running.push(keepDuty(resident, duty, ground, until.signal));
  if (consumer) until.running.push(keepConsumer(resident, consumer, ground, until.signal));
}

function keepDuty(resident: Resident, duty: Duty, ground: StartGround, signal: AbortSignal): Promise<void> {
  const { log, pace = RESTART } = ground;
  const part = `duty ${duty.name}`;
  return performDuty(
    duty,
    {
      kysely: resident.sessions,
      log,
      agent: resident.name,
      pace,
      onFailure(error, failures) {
        ground.lives.erred(resident.name, error, { part });
        if (failures === pace.limit) fail(resident, part, error, ground);
      },
      onRecovery: () => resident.life.mended(part),
    },
    signal,
  );
}

function keepConsumer(resident: Resident, consumer: Consumer, ground: StartGround, signal: AbortSignal): Promise<void> {
  const { log, lives, pace } = ground;
  let last: unknown;
  return supervise((signal) => consumer.run(signal), {
    signal,
    pace,
    onFailure(error) {
      last = error;
      log.warn({ err: error, agent: resident.name }, 'a consumer failed and is started again');
      lives.erred(resident.name, error, { part: 'consumer' });
    },
    onBroken: () => fail(resident, 'consumer', last, ground),
    onMended: () => resident.life.mended('consumer'),
  });
}

/** A part does not work after several tries: the agent has failed, and somebody should look at it. */
function fail({ name, life }: Resident, part: string, error: unknown, { lives }: StartGround): void {
  const fault = new Fault('AGENT_FAILED', `The agent ${name} has failed: ${part} does not work.`, {
    severity: 'CRITICAL',
  });
  lives.erred(name, error, { part });
  lives.erred(name, fault, { part });
  life.broken(part);
}
