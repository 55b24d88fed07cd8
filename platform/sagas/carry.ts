/** Carries a saga through as a step of another: enqueues it once, and polls its status until it has ended. */
import type { Pool } from 'pg';
import { Fault } from '../errors.ts';
import { sleep } from '../sleep.ts';
import type { SagaResult } from './define-saga.ts';
import { type SagaOrigin, starting, subSagaId } from './enqueue.ts';
import { PARK_AFTER_MS } from './in-hand.ts';
import { never } from './never.ts';

/** Milliseconds between polls for its end. */
const LOOK_MS = 250;
const UNDER_WAY: ReadonlySet<string> = new Set(['ENQUEUED', 'DELAYED', 'PENDING']);

/** A saga carried as a step of its parent. Without an input it is not started. */
export interface Carried {
  parent: string;
  step: string;
  saga: string;
  input?: Record<string, unknown>;
  /** The origin of the parent. */
  origin?: SagaOrigin;
}

/**
 * Resolves with the saga's result, or with undefined if there is no such saga. After PARK_AFTER_MS it calls `rest`
 * before each further poll. Never settles once the signal is aborted.
 * @throws Fault SUB_SAGA_FAILED if it ended with an error, which a person must look at
 */
export async function carry(
  pool: Pool,
  { parent, step, saga, input, origin }: Carried,
  signal: AbortSignal,
  rest: (child: string) => Promise<void>,
): Promise<SagaResult | undefined> {
  const id = subSagaId(parent, step, saga);
  if (input) await start(pool, id, parent, starting(saga, id, input, origin));
  const begun = performance.now();
  while (!signal.aborted) {
    const { rows } = await pool.query<{ status: string; output: string | null }>(
      `select s.status, o.output from dbos.workflow_status s left join dbos.workflow_output o using (workflow_uuid)
        where workflow_uuid = $1`,
      [id],
    );
    const [seen] = rows;
    if (!seen) return undefined;
    if (seen.status === 'SUCCESS') return JSON.parse(seen.output!) as SagaResult;
    if (!UNDER_WAY.has(seen.status))
      throw new Fault('SUB_SAGA_FAILED', `The saga ${id} ended with ${seen.status}: somebody must look at it.`);
    await sleep(LOOK_MS, signal);
    if (performance.now() - begun > PARK_AFTER_MS) await rest(id);
  }
  return never();
}

/** Enqueues the saga and records its parent, in one transaction. */
async function start(pool: Pool, id: string, parent: string, statement: ReturnType<typeof starting>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query(...statement);
    await client.query(
      `update dbos.workflow_status set parent_workflow_id = $2 where workflow_uuid = $1 and parent_workflow_id is null`,
      [id, parent],
    );
    await client.query('commit');
    client.release();
  } catch (error) {
    client.release(true); // Closes the connection, which rolls back.
    throw error;
  }
}
