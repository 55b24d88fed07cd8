import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type TestDatabase, testDatabase } from '../../tests/support/database.ts';
import { until } from '../../tests/support/until.ts';
import { silentLogger } from '../log.ts';
import type { ScheduledJob } from './define-agent.ts';
import { runScheduledJob } from './scheduled-job.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
});

afterAll(() => database?.drop());

/** Runs a job as so many processes would, until `over`. */
async function performed(job: ScheduledJob, times: number, over: Promise<void>, agent = 'small'): Promise<void> {
  const controller = new AbortController();
  const on = { kysely: database.kysely, log: silentLogger, agent };
  const running = Array.from({ length: times }, () => runScheduledJob(job, on, controller.signal));
  await over;
  controller.abort();
  await Promise.all(running);
}

const every = (everySeconds: number, run: ScheduledJob['run'], name = 'sweep'): ScheduledJob => ({
  name,
  everySeconds,
  run,
});

test('a job is run again and again, by one of several processes at a time', async () => {
  let [inside, most, runs] = [0, 0, 0];
  const job = every(0.005, async () => {
    most = Math.max(most, ++inside);
    runs++;
    await database.pool.query('select pg_sleep(0.01)');
    inside--;
  });
  await performed(
    job,
    3,
    until('it was done often', () => runs >= 15),
  );
  expect([most, inside]).toEqual([1, 0]);
});

test('other processes skip a job that one is running, and do not queue up', async () => {
  const release = Promise.withResolvers<void>();
  let runs = 0;
  const job = every(0.005, async () => {
    runs++;
    await release.promise;
  });
  const waiting = async (): Promise<number> =>
    (
      await database.pool.query(
        `select from pg_stat_activity where datname = current_database() and wait_event = 'advisory'`,
      )
    ).rowCount!;
  await performed(
    job,
    2,
    (async () => {
      await until('one has begun', () => runs === 1);
      for (let look = 0; look < 10; look++) expect(await waiting()).toBe(0);
      expect(runs).toBe(1);
      release.resolve();
    })(),
  );
});

test('jobs of other names, and of other agents, do not wait for a running one', async () => {
  const release = Promise.withResolvers<void>();
  const done = new Set<string>();
  const slow = performed(
    every(0.005, () => release.promise),
    1,
    release.promise,
  );
  const other = (name: string, agent: string) =>
    performed(
      every(0.005, async () => void done.add(`${agent}/${name}`), name),
      1,
      until('it was done', () => done.has(`${agent}/${name}`)),
      agent,
    );
  await Promise.all([other('count', 'small'), other('sweep', 'big')]);
  expect([...done].toSorted()).toEqual(['big/sweep', 'small/count']);
  release.resolve();
  await slow;
});

test('a job that fails is due again, and releases its lock', async () => {
  let runs = 0;
  const job = every(0.005, async () => {
    if (++runs < 3) throw new Error('failed');
  });
  await performed(
    job,
    1,
    until('it was tried again', () => runs >= 3),
  );
  await until('no turn is held', async () => {
    const { rowCount } = await database.pool.query(
      `select from pg_locks l join pg_database d on d.oid = l.database where datname = current_database() and locktype = 'advisory'`,
    );
    return rowCount === 0;
  });
});

test('a job that is not due when the process stops is not run', async () => {
  let runs = 0;
  await performed(
    every(60, async () => void runs++),
    1,
    Promise.resolve(),
  );
  expect(runs).toBe(0);
});
