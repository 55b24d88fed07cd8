import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { counting, type InChunk, smallJobs } from '../../tests/support/counting-job.ts';
import { openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { countStatements } from '../../tests/support/statements.ts';
import { until } from '../../tests/support/until.ts';
import { Refusal, Unavailable } from '../errors.ts';
import type { RequestContext } from '../graphql/context.ts';
import { newId } from '../ids.ts';
import type { JobRow } from './job-entity.ts';
import type { JobKind } from './job-kind.ts';
import { MAX_OPEN } from './jobs.ts';
import type { RunnerPace } from './runner.ts';

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

const PACE: Partial<RunnerPace> = { sweepMs: 100, leaseMs: 1000, chunkMs: 500 };

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

test('a job does its chunks in order, and its result is a file with all parts', async () => {
  const one = runner();
  const id = await start(one, 30, { ownerId: 'merchant_1' });
  const job = await ends(one, id);
  expect(job).toMatchObject({ done: 30, total: 30, attempts: 1, failures: 0, startedBy: 'user_1', parts: 30 });
  expect(await effects(id)).toEqual(upTo(30));
  const file = (await one.files.visible(job.resultId!, 'ALL'))!;
  expect(file).toMatchObject({ name: `${id}.jsonl`, ownerId: 'merchant_1', status: 'READY', createdBy: 'user_1' });
  const content = await text(await one.files.read(file));
  expect(content).toBe(
    upTo(30)
      .map((n) => `{"n":${n}}\n`)
      .join(''),
  );
  expect(file.bytes).toBe(content.length);
  expect(await parts()).toBe(0);
});

test('the same key again starts nothing, and another request with it is refused', async () => {
  const one = runner();
  const id = await start(one, 3, { key: 'once' });
  expect(await start(one, 3, { key: 'once' })).toBe(id);
  await expect(start(one, 4, { key: 'once' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  await ends(one, id);
  expect(await effects(id)).toEqual([1, 2, 3]);
});

test('no caller has more than twenty jobs that have not ended', async () => {
  const idle = smallJobs(small, dir);
  for (let n = 0; n < MAX_OPEN; n++) await start(idle, 1);
  await expect(start(idle, 1)).rejects.toMatchObject({ code: 'INVALID_STATE' });
  await start(idle, 1, { by: 'user_2' });
});

test('progress never falls, is told once a second at most, and its start and its end always', async () => {
  const one = runner();
  const id = await start(one, 100);
  const ending = new AbortController();
  const told: { status: string; done: number; cursor: string }[] = [];
  // The stream ends by itself, with the job.
  for await (const event of one.jobs.watch({ jobId: id, signal: ending.signal })) told.push(event);
  const job = await read(one, id);
  expect(told[0]).toMatchObject({ status: 'QUEUED', done: 0 });
  expect(told.at(-1)).toMatchObject({ status: 'SUCCEEDED', done: 100, total: 100 });
  expect(told.map(({ done }) => done)).toEqual(told.map(({ done }) => done).toSorted((a, b) => a - b));
  const seconds = (job.endedAt!.getTime() - job.createdAt.getTime()) / 1000;
  expect(told.length).toBeLessThanOrEqual(2 + Math.ceil(seconds));
  // A subscriber that comes back goes on behind what it has seen.
  const again: unknown[] = [];
  for await (const event of one.jobs.watch({ jobId: id, after: told[0]!.cursor, signal: ending.signal }))
    again.push(event);
  expect(again).toEqual(told.slice(1));
});

test('a stream whose end is not to come ends: it was seen, or the log has forgotten it', async () => {
  const one = runner();
  const id = await start(one, 2);
  const { signal } = new AbortController();
  const all = async (after?: string): Promise<string[]> => {
    const cursors: string[] = [];
    for await (const { cursor } of one.jobs.watch({ jobId: id, after, signal })) cursors.push(cursor);
    return cursors;
  };
  const last = (await all()).at(-1)!;
  await small.database.pool.query(`update small.job set ended_at = ended_at - interval '2 minutes' where id = $1`, [
    id,
  ]);
  expect((await all()).at(-1)).toBe(last);
  expect(await all(last)).toEqual([]);
  await small.database.pool.query('truncate platform.event_log');
  expect(await all()).toEqual([]);
});

test('a cancelled job does nothing more: the chunk in hand is not kept, and there is no result', async () => {
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const { promise: goOn, resolve: release } = Promise.withResolvers<void>();
  const held: JobKind = counting();
  const chunk = held.chunk.bind(held);
  held.chunk = async (job) => {
    if (job.done === 5) {
      reach();
      await goOn;
    }
    return chunk(job);
  };
  const one = runner([held]);
  const id = await start(one, 1000);
  await reached;
  await one.jobs.cancel(id, { rows: 'ALL', context: context() });
  release();
  await one.stop();
  const job = await ends(one, id, 'CANCELLED');
  expect(job).toMatchObject({ done: 5, resultId: null, worker: null });
  expect(await effects(id)).toEqual(upTo(5));
  expect(await parts()).toBe(0);
  expect((await events(id)).at(-1)).toMatchObject({ status: 'CANCELLED', done: 5 });
  // Once more is no error, and nothing again.
  await one.jobs.cancel(id, { rows: 'ALL', context: context() });
  expect((await events(id)).filter(({ status }) => status === 'CANCELLED')).toHaveLength(1);
});

test('a job that has ended, or is not the caller’s, is not cancelled', async () => {
  const one = runner();
  const id = await start(one, 1, { ownerId: 'merchant_1' });
  await ends(one, id);
  const cancel = (ownerId: string) => one.jobs.cancel(id, { rows: [{ ownerId }], context: context() });
  await expect(cancel('merchant_1')).rejects.toMatchObject({ code: 'INVALID_STATE' });
  await expect(cancel('merchant_2')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

describe('when a chunk fails', () => {
  const failing = (fail: InChunk): JobKind => counting('count', fail);

  test('with a refusal, the job has failed with its errors, and nothing of the chunk is kept', async () => {
    const one = runner([
      failing((n) => {
        if (n === 3) throw new Refusal(Array.from({ length: 30 }, () => ({ code: 'INVALID_INPUT', message: 'No.' })));
      }),
    ]);
    const id = await start(one, 9);
    const job = await ends(one, id, 'FAILED');
    expect(job).toMatchObject({ done: 2, resultId: null, attempts: 1 });
    expect(job.errors).toHaveLength(20);
    expect(job.errors[0]).toEqual({ code: 'INVALID_INPUT', message: 'No.' });
    expect(await effects(id)).toEqual([1, 2]);
  });

  test('with a fault that passes, it is tried again for as long as it takes', async () => {
    let failures = 0;
    const one = runner([
      failing((n) => {
        if (n === 3 && failures++ < 2) throw new Unavailable('away');
      }),
    ]);
    const job = await ends(one, await start(one, 5));
    expect(job).toMatchObject({ attempts: 3, failures: 0 });
    expect(await effects(job.id)).toEqual(upTo(5));
  });

  test('with a defect, it is given up after five tries without progress, and tells nobody why', async () => {
    let tries = 0;
    const kind = failing((n) => {
      if (n !== 3) return;
      tries++;
      throw new Error('a secret of the house');
    });
    const one = runner([kind]);
    const id = await start(one, 9);
    // It is tried again sooner than its backoff says.
    const hurry = setInterval(
      () => void small.database.pool.query(`update small.job set due_at = now() where status = 'QUEUED'`),
      20,
    );
    const job = await ends(one, id, 'FAILED').finally(() => clearInterval(hurry));
    expect(tries).toBe(5);
    expect(job.errors).toEqual([{ code: 'INTERNAL_SERVER_ERROR', message: expect.not.stringContaining('secret') }]);
  });
});

test('a long job of one kind does not hold up another kind, and two of one kind take turns', async () => {
  const { promise: goOn, resolve: release } = Promise.withResolvers<void>();
  const slow = counting('slow');
  const chunk = slow.chunk.bind(slow);
  let atOnce = 0;
  let most = 0;
  slow.chunk = async (job) => {
    most = Math.max(most, ++atOnce);
    await goOn;
    atOnce--;
    return chunk(job);
  };
  const one = runner([slow, counting('quick')], { ...PACE, chunkMs: 60_000, leaseMs: 120_000 });
  const first = await start(one, 2, { kind: slow });
  const second = await start(one, 2, { kind: slow });
  await ends(one, await start(one, 5, { kind: counting('quick') }));
  release();
  await ends(one, first);
  await ends(one, second);
  expect(most).toBe(1);
});

test('a job that waits or is long gives its place to another of its kind, and goes on where it was', async () => {
  const kind = counting();
  const chunk = kind.chunk.bind(kind);
  let waits = true;
  const waiting: JobKind = {
    ...kind,
    chunk: async (job) => (waits && job.done === 2 ? { waits: true } : chunk(job as never)),
  };
  const one = runner([waiting], { ...PACE, turnMs: 50 });
  const [stuck, other] = [await start(one, 4), await start(one, 1)];
  await ends(one, other);
  expect(await read(one, stuck)).toMatchObject({ done: 2, endedAt: null });
  // One that works is no other than one that waits.
  waits = false;
  const long = await start(one, 100_000);
  await ends(one, stuck);
  await ends(one, await start(one, 1));
  expect((await read(one, long)).endedAt).toBe(null);
  expect(await effects(stuck)).toEqual(upTo(4));
  await until('the long one goes on', async () => (await read(one, long)).status === 'RUNNING');
  expect(await read(one, long)).toMatchObject({ attempts: 1, failures: 0 });
  await one.jobs.cancel(long, { rows: 'ALL', context: context() });
});

test('a chunk that takes too long is given up though it hears no signal, and so it is when the process stops', async () => {
  let begun = 0;
  const deaf: JobKind = { ...counting(), chunk: () => (begun++, new Promise(() => {})) };
  const one = runner([deaf], { ...PACE, chunkMs: 30 });
  const id = await start(one, 1);
  await until('it is tried again', () => begun > 1);
  expect((await read(one, id)).failures).toBeGreaterThan(0);
  await one.stop();
  expect(await read(one, id)).toMatchObject({ status: 'QUEUED', worker: null });
});

test('the claim is held while the result is put together, however slow the store is', async () => {
  const one = runner([counting()], { ...PACE, leaseMs: 400 });
  const { put } = one.files;
  const dues: number[] = [];
  one.files.put = (file, content) =>
    put(
      file,
      (async function* () {
        for await (const part of content) {
          dues.push((await read(one, file.name.replace('.jsonl', ''))).dueAt.getTime());
          yield part;
          await new Promise((resolve) => setTimeout(resolve, 110));
        }
      })(),
    );
  await ends(one, await start(one, 3));
  expect(dues[1]).toBeGreaterThan(dues[0]!);
  expect(dues[2]).toBeGreaterThan(dues[1]!);
});

test('a chunk that waits is asked again, and its job can be cancelled meanwhile', async () => {
  const waiting: JobKind = { ...counting(), chunk: async () => ({ waits: true }) };
  const one = runner([waiting]);
  const id = await start(one, 1);
  await until('it runs', async () => (await read(one, id)).status === 'RUNNING');
  await one.jobs.cancel(id, { rows: 'ALL', context: context() });
  // The runner notices, and has its place free for the next one.
  await until('its place is free', async () => {
    const other = await start(one, 1);
    await until('the other runs', async () => (await read(one, other)).status === 'RUNNING');
    return true;
  });
});

test('a process that stops ends the chunk in hand, and another one goes on at once', async () => {
  const one = runner();
  const id = await start(one, 120);
  await until('it has begun', async () => (await read(one, id)).done > 5);
  await one.stop();
  const left = await read(one, id);
  expect(left).toMatchObject({ status: 'QUEUED', worker: null });
  expect(left.done).toBeLessThan(120);
  const other = runner();
  await ends(other, id);
  expect(await effects(id)).toEqual(upTo(120));
});

test('a runner that was taken for dead, and lives, keeps nothing', async () => {
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const { promise: goOn, resolve: release } = Promise.withResolvers<void>();
  const kind = counting();
  const chunk = kind.chunk.bind(kind);
  const stuck: JobKind = {
    ...kind,
    async chunk(job) {
      if (job.done === 3) {
        reach();
        await goOn;
      }
      return chunk(job as never);
    },
  };
  const dead = runner([stuck], { sweepMs: 60_000, leaseMs: 50, chunkMs: 60_000 });
  const id = await start(dead, 20);
  await reached;
  const other = runner();
  const job = await ends(other, id);
  release();
  await dead.stop();
  expect(job).toMatchObject({ attempts: 2, failures: 0 });
  expect(await effects(id)).toEqual(upTo(20));
  expect(await read(other, id)).toEqual(job);
});

test('two processes do each job once', async () => {
  const both = [runner(), runner()];
  const ids: string[] = [];
  for (let n = 0; n < 8; n++) ids.push(await start(both[n % 2]!, 10));
  for (const id of ids) {
    expect(await ends(both[0]!, id)).toMatchObject({ attempts: 1, done: 10 });
    expect(await effects(id)).toEqual(upTo(10));
  }
});

test('an idle runner asks one statement in each sweep, and nothing else', async () => {
  const counted = countStatements();
  try {
    runner([counting()], { ...PACE, sweepMs: 40 });
    const claims = () => counted.texts.filter((text) => text.includes('skip locked')).length;
    await until('it has looked some times', () => claims() >= 5);
    const others = counted.texts.filter((text) => !text.includes('skip locked'));
    expect(others.filter((text) => text.includes('job'))).toEqual([]);
    expect(counted.commits).toEqual([]);
  } finally {
    counted.stop();
  }
});

test('jobs of others are not seen', async () => {
  const one = runner();
  const mine = await start(one, 1, { ownerId: 'merchant_1' });
  await start(one, 1, { ownerId: 'merchant_2' });
  const page = await one.jobs.page({}, {}, [{ ownerId: 'merchant_1' }]);
  expect(page.nodes.map(({ id }) => id)).toEqual([mine]);
  expect(await one.jobs.visible(mine, [{ ownerId: 'merchant_2' }])).toBe(null);
});
