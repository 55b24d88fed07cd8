/**
 * A second saga worker beside the server: a process of its own with every agent (`npm run agent -- --all`), on the same
 * database with the same keys. It calls the agents in its own process, as the server calls those in its.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { keysOf } from '../../bin/distributed/cluster.ts';
import { launchAgents, type Launched } from '../support/agent-process.ts';
import type { ProcessRun } from './process-run.ts';

/** The names of the two workers, which tell who runs a saga. */
export const SERVER = 'embedded';
export const SECOND = 'second-worker';

/** A worker that may be killed at any time, also while it starts. */
export interface SecondWorker {
  /** `kill -9`, and a new start so many milliseconds later, which is not awaited. */
  kill(awayMs: number): Promise<void>;
  /** Waits until the last start is over. @throws Error with its output, if it ended by itself */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a worker, and waits until it works. */
export async function openSecondWorker({ data, env }: ProcessRun): Promise<SecondWorker> {
  const given = { ...env, ...keysOf(data), AGENT_NAME: SECOND };
  const launch = (): Launched => launchAgents(['--all'], given);
  let launched = launch();
  let started: Promise<Launched> = Promise.resolve(launched);
  const end = async (): Promise<void> => {
    launched = await started;
    if (launched.child.exitCode !== null) throw new Error(`The second worker ended by itself: ${launched.output()}`);
    const gone = new Promise((resolve) => launched.child.once('close', resolve));
    launched.child.kill('SIGKILL');
    await gone;
  };
  const worker: SecondWorker = {
    async kill(awayMs) {
      await end();
      started = sleep(awayMs).then(launch);
    },
    async ready() {
      await (await started).ready();
    },
    close: end,
  };
  await worker.ready().catch(async (error) => {
    await end().catch(() => {});
    throw error;
  });
  return worker;
}

/** The sagas that this worker runs; after it was killed, those that it left. */
export async function inHandsOf(kysely: Kysely<any>, worker: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select workflow_uuid as id from dbos.workflow_status
     where status = 'PENDING' and executor_id like ${`${worker}:%`}`.execute(kysely);
  return rows.map(({ id }) => id);
}

/** Number of these sagas by the worker that ran them last. */
export async function endedBy(kysely: Kysely<any>, sagas: ReadonlySet<string>): Promise<Record<string, number>> {
  const { rows } = await sql<{ worker: string; n: number }>`
    select split_part(executor_id, ':', 1) as worker, count(*)::int as n
      from dbos.workflow_status where workflow_uuid = any(${[...sagas]}) group by 1`.execute(kysely);
  return Object.fromEntries(rows.map(({ worker, n }) => [worker, n]));
}
