/** Jobs of the small agent, for tests: a database, a folder for files, and runners that are stopped after each test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { newId } from '../../platform/ids.ts';
import type { JobRow } from '../../platform/jobs/job-entity.ts';
import type { JobKind } from '../../platform/jobs/job-kind.ts';
import type { RunnerPace } from '../../platform/jobs/runner.ts';
import { counting, smallJobs } from './counting-job.ts';
import { openSmallAgent, type SmallAgent } from './small-agent.ts';
import { until } from './until.ts';

/** Opens them for the tests of one file. */
export function jobsWorld() {
  let small: SmallAgent;
  let dir: string;
  beforeAll(async () => {
    small = await openSmallAgent();
    dir = mkdtempSync(join(tmpdir(), 'agora-jobs-'));
  });
  afterAll(async () => {
    await small?.database.drop();
    rmSync(dir, { recursive: true, force: true });
  });

  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()));
  });
  beforeEach(() =>
    small.database.pool.query(
      'truncate small.job, small.job_part, small.file, small.effect, small.idempotency, platform.event_log',
    ),
  );

  // Claims and chunks last as long as in production, so that no test depends on the speed of the machine.
  const PACE: Partial<RunnerPace> = { sweepMs: 100 };

  /** A process with a runner, which is stopped after the test. */
  function runner(kinds: JobKind[] = [counting()], pace = PACE) {
    const made = smallJobs(small, dir, { kinds, pace });
    const ending = new AbortController();
    const running = [...made.jobs.backgroundTasks.map(({ run }) => run(ending.signal)), made.live.run(ending.signal)];
    const stop = async (): Promise<void> => {
      ending.abort();
      await Promise.all(running);
    };
    stops.push(stop);
    return { ...made, stop };
  }

  const context = (id = 'user_1') => ({ actor: { id }, correlationId: 'req_1' }) as RequestContext;
  type Runner = Pick<ReturnType<typeof runner>, 'jobs'>;
  const start = (
    { jobs }: Runner,
    to: number,
    { kind = counting(), key = newId('key'), by = 'user_1', ownerId = null as string | null } = {},
  ) =>
    jobs.start(kind, {
      input: { to },
      ownerId,
      key: { actor: by, operation: 'count', key, request: { to }, origin: { correlationId: 'req_1' } },
    });
  const read = async ({ jobs }: Runner, id: string): Promise<JobRow> => (await jobs.visible(id, 'ALL'))!;
  const ends = async (by: Runner, id: string, status: JobRow['status'] = 'SUCCEEDED'): Promise<JobRow> => {
    await until(`${id} ends`, async () => (await read(by, id)).endedAt !== null);
    const job = await read(by, id);
    expect(job).toMatchObject({ status });
    return job;
  };
  const effects = async (id: string): Promise<number[]> =>
    (
      await small.database.pool.query<{ version: number }>(
        'select version from small.effect where aggregate_id = $1 order by n',
        [id],
      )
    ).rows.map(({ version }) => version);
  const parts = async (): Promise<number> =>
    Number((await small.database.pool.query('select count(*) from small.job_part')).rows[0].count);
  const upTo = (to: number): number[] => Array.from({ length: to }, (_, n) => n + 1);
  const events = async (id: string): Promise<{ status: string; done: number }[]> =>
    (
      await small.database.pool.query(
        'select payload from platform.event_log where aggregate_id = $1 order by position',
        [id],
      )
    ).rows.map(({ payload }) => payload);

  return {
    runner,
    context,
    start,
    read,
    ends,
    effects,
    parts,
    upTo,
    events,
    PACE,
    /** The jobs of a process without a runner. */
    idle: (kinds: JobKind[] = [counting()]) => smallJobs(small, dir, { kinds }),
    /** Has jobs tried again sooner than their backoff says. @param told hears how many milliseconds each had to wait yet */
    async hurried<T>(work: () => Promise<T>, told: (ms: number) => void = () => {}): Promise<T> {
      const statement = `update small.job set due_at = now() where status = 'QUEUED' and due_at > now()
        returning (extract(epoch from old.due_at - now()) * 1000)::int as ms`;
      const hurry = setInterval(
        () => void small.database.pool.query(statement).then(({ rows }) => rows.forEach(({ ms }) => told(ms))),
        20,
      );
      return work().finally(() => clearInterval(hurry));
    },
    /** Holds a lock on a table, so that all that ask it wait. */
    async holding(table: string, work: () => Promise<void>): Promise<void> {
      const client = await small.database.pool.connect();
      try {
        await client.query(`begin; lock table ${table}`);
        await work();
      } finally {
        await client.query('rollback');
        client.release();
      }
    },
    query: (text: string, values: unknown[] = []) => small.database.pool.query(text, values),
  };
}
