import { setTimeout as wait } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { counting } from '../../tests/support/counting-job.ts';
import { jobsWorld } from '../../tests/support/jobs-world.ts';
import { countStatements } from '../../tests/support/statements.ts';
import { until } from '../../tests/support/until.ts';
import type { StoredFile } from '../files/files.ts';
import type { JobKind } from './job-kind.ts';

const world = jobsWorld();
const { runner, context, start, read, ends, effects, upTo, PACE } = world;

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
  const one = runner([slow, counting('quick')]);
  const first = await start(one, 2, { kind: slow });
  const second = await start(one, 2, { kind: slow });
  await ends(one, await start(one, 5, { kind: counting('quick') }));
  release();
  await ends(one, first);
  await ends(one, second);
  expect(most).toBe(1);
});

test('owners take turns, so that one’s many jobs do not keep another’s waiting', async () => {
  const begun: (string | null)[] = [];
  const { promise: all, resolve: release } = Promise.withResolvers<void>();
  const kind = counting();
  const one = runner([
    {
      ...kind,
      async chunk(job) {
        await all;
        begun.push(job.ownerId ?? job.startedBy);
        return kind.chunk(job as never);
      },
    },
  ]);
  const owners = ['merchant_1', 'merchant_1', 'merchant_1', 'merchant_1', 'merchant_2', 'merchant_2', null, null];
  const ids: string[] = [];
  for (const [n, ownerId] of owners.entries()) ids.push(await start(one, 1, { ownerId, by: `user_${n}` }));
  release();
  for (const id of ids) await ends(one, id);
  // The house has no owner: there, those who have started them take turns.
  expect(begun).toEqual([
    'merchant_1',
    'merchant_2',
    'user_6',
    'user_7',
    'merchant_1',
    'merchant_2',
    'merchant_1',
    'merchant_1',
  ]);
});

test('who comes later does not go before an owner who has waited since their turn, however many come', async () => {
  const begun: string[] = [];
  const kind = counting();
  const one = runner(
    [
      {
        ...kind,
        async chunk(job) {
          begun.push(job.ownerId!);
          await wait(5);
          if (begun.length < 9)
            await start(one, 1, { ownerId: `merchant_${begun.length}`, by: `user_${begun.length}` });
          return kind.chunk(job as never);
        },
      },
    ],
    { ...PACE, turnMs: 0 },
  );
  await ends(one, await start(one, 2, { ownerId: 'merchant_0' }));
  expect(begun.slice(0, 3)).toEqual(['merchant_0', 'merchant_1', 'merchant_0']);
  await until('all have ended', () => begun.length === 10);
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

describe('a chunk that hears no signal', () => {
  let begun: number;
  const deaf: JobKind = { ...counting(), chunk: () => (begun++, new Promise(() => {})) };
  beforeEach(() => {
    begun = 0;
  });

  test('is given up when it takes too long', async () => {
    const one = runner([deaf], { ...PACE, chunkMs: 1 });
    const id = await start(one, 1);
    const job = await world.hurried(() => ends(one, id, 'FAILED'));
    expect(begun).toBe(5);
    expect(job).toMatchObject({ done: 0, attempts: 5 });
  });

  test('is given up when the process stops', async () => {
    const one = runner([deaf]);
    const id = await start(one, 1);
    await until('it is begun', () => begun > 0);
    await one.stop();
    expect(await read(one, id)).toMatchObject({ status: 'QUEUED', worker: null, failures: 0 });
  });
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
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const { promise: goOn, resolve: release } = Promise.withResolvers<void>();
  const one = runner([counting('count', (n) => (n === 6 ? (reach(), goOn) : undefined))]);
  const id = await start(one, 20);
  await reached;
  const stopped = one.stop();
  release();
  await stopped;
  expect(await read(one, id)).toMatchObject({ status: 'QUEUED', worker: null, done: 6 });
  const other = runner();
  await ends(other, id);
  expect(await effects(id)).toEqual(upTo(20));
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
  const dead = runner([stuck], { sweepMs: 600_000, chunkMs: 600_000 });
  const id = await start(dead, 20);
  await reached;
  await world.query('update small.job set due_at = now() where id = $1', [id]);
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

test('a look whose connection is cut is repeated, and the runner goes on', async () => {
  const one = runner();
  await ends(one, await start(one, 1));
  await world.holding('small.job', async () => {
    await until('the look is cut off', async () => {
      const { rows } = await world.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock' and query like '%skip locked%'`,
      );
      return rows.length > 0;
    });
  });
  await ends(one, await start(one, 3));
});

test('a defect of the look ends the run, and what it has begun is given back', async () => {
  const waiting: JobKind = { ...counting('waiting'), chunk: async () => ({ waits: true }) };
  const one = world.idle([waiting, counting('bad')]);
  const id = await start(one, 1, { kind: waiting });
  const ended = one.jobs.backgroundTasks[0]!.run(new AbortController().signal).catch((error: Error) => error.message);
  await until('it runs', async () => (await read(one, id)).status === 'RUNNING');
  await world.query(`
    create function small.refuse() returns trigger language plpgsql as $$ begin raise 'a defect'; end $$;
    create trigger refuse before update on small.job for each row
      when (new.kind = 'bad' and new.status = 'RUNNING') execute function small.refuse()`);
  try {
    await start(one, 1, { kind: counting('bad') });
    expect(await ended).toBe('a defect');
  } finally {
    await world.query('drop function small.refuse cascade');
  }
  expect(await read(one, id)).toMatchObject({ status: 'QUEUED', worker: null, failures: 0 });
});

test('a job that is cancelled while its result is put together stays so, and there is no file', async () => {
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const { promise: goOn, resolve: release } = Promise.withResolvers<void>();
  const one = runner();
  const { put } = one.files;
  one.files.put = async (...given) => {
    reach();
    await goOn;
    return put(...given);
  };
  const id = await start(one, 3);
  await reached;
  await one.jobs.cancel(id, { rows: 'ALL', context: context() });
  release();
  await one.stop();
  expect(await read(one, id)).toMatchObject({ status: 'CANCELLED', done: 3, resultId: null });
  const told = (await world.events(id)).map(({ status }) => status).filter((status) => status !== 'RUNNING');
  expect(told).toEqual(['QUEUED', 'CANCELLED']);
  expect((await world.query('select id from small.file')).rows).toEqual([]);
});

test('a job that is cancelled when its result is stored leaves no content, which would be in nobody’s quota', async () => {
  const one = runner();
  const { put } = one.files;
  const { promise: stored, resolve: store } = Promise.withResolvers<StoredFile>();
  one.files.put = async (...given) => {
    const file = await put(...given);
    await one.jobs.cancel(id, { rows: 'ALL', context: context() });
    store(file);
    return file;
  };
  const id = await start(one, 3);
  const { key } = await stored;
  await one.stop();
  await expect(one.files.read({ key })).rejects.toMatchObject({ code: 'FILE_MISSING' });
});

test.each([
  [4, 'FAILED', 0],
  [3, 'SUCCEEDED', 2],
])('a job whose process died after %d failures in a row ends as %s', async (failures, status, done) => {
  const id = await start(world.idle(), 2);
  await world.query(
    `update small.job set status = 'RUNNING', worker = 'gone', due_at = now() - interval '1 second', attempts = 9,
       failures = $2 where id = $1`,
    [id, failures],
  );
  const one = runner();
  expect(await ends(one, id, status as 'FAILED')).toMatchObject({ done, attempts: 10 });
});
