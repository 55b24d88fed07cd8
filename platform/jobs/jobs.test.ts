import { text } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import { counting, type InChunk } from '../../tests/support/counting-job.ts';
import { jobsWorld } from '../../tests/support/jobs-world.ts';
import { Refusal, Unavailable } from '../errors.ts';
import type { JobKind } from './job-kind.ts';
import { MAX_OPEN } from './jobs.ts';

const world = jobsWorld();
const { runner, context, start, read, ends, effects, parts, upTo, events } = world;

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
  const idle = world.idle();
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

test('at its end all is done, also where there was less to do than was counted', async () => {
  const kind = counting();
  const chunk = kind.chunk.bind(kind);
  const counted: JobKind = {
    ...kind,
    chunk: async (job) => ({ ...(await chunk(job as never)), total: job.input.to + 5 }),
  };
  const one = runner([counted]);
  const id = await start(one, 3);
  expect(await ends(one, id)).toMatchObject({ done: 3, total: 3 });
  expect((await events(id)).at(-1)).toMatchObject({ status: 'SUCCEEDED', done: 3, total: 3 });
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
  await world.query(`update small.job set ended_at = ended_at - interval '2 minutes' where id = $1`, [id]);
  expect((await all()).at(-1)).toBe(last);
  expect(await all(last)).toEqual([]);
  await world.query('truncate platform.event_log');
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

  test('with faults that pass, it waits by those since it last came further, and tells of all its attempts', async () => {
    const failed: number[] = [];
    const one = runner([
      failing((n) => {
        // The fourth three times, every other one once.
        if (failed.filter((at) => at === n).length === (n === 4 ? 3 : 1)) return;
        failed.push(n);
        throw new Unavailable('away');
      }),
    ]);
    const waits: number[] = [];
    const id = await start(one, 9);
    const job = await world.hurried(
      () => ends(one, id),
      (ms) => waits.push(ms),
    );
    expect(job).toMatchObject({ attempts: 12, tries: 0, failures: 0 });
    // Half a second, one and two, each a quarter more by chance at most.
    expect(waits.toSorted((a, b) => b - a).findIndex((ms) => ms <= 625)).toBeLessThanOrEqual(2);
    expect(Math.max(...waits)).toBeLessThanOrEqual(2500);
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
    const job = await world.hurried(() => ends(one, id, 'FAILED'));
    expect(tries).toBe(5);
    expect(job.errors).toEqual([{ code: 'INTERNAL_SERVER_ERROR', message: expect.not.stringContaining('secret') }]);
  });
});
