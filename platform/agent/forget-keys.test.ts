import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { until } from '../../tests/support/until.ts';
import { FixedClock } from '../clock.ts';
import { silentLogger } from '../log.ts';
import { keepForgettingKeys } from './forget-keys.ts';

let small: SmallAgent;
beforeAll(async () => {
  small = await openSmallAgent();
});
afterAll(() => small?.database.drop());

test('one job deletes old idempotency keys of all agents, and a failure for one does not stop the rest', async () => {
  const { kysely } = small;
  await small.database.pool.query(
    `insert into small.idempotency (actor, operation, key, request_hash, outcome, created_at)
     select 'user', 'o', age::text, 'h', 'null', timestamptz '2026-06-01' - age * interval '1 day' from unnest('{1,29,31,60}'::int[]) age`,
  );
  const erred: string[] = [];
  const lifecycles = { erred: (agent: string) => void erred.push(agent) };
  const agents = ['missing', 'small'].map((name) => ({ name, kysely, sessions: kysely }));
  const controller = new AbortController();
  const clock = new FixedClock('2026-06-01T00:00:00Z');
  const options = { clock, log: silentLogger, lifecycles, everySeconds: 0.01 };
  const running = keepForgettingKeys(agents, options, controller.signal);
  const left = async () =>
    (await small.database.pool.query('select key from small.idempotency')).rows.map(({ key }) => key);
  await until('the old ones are forgotten', async () => (await left()).length <= 2);
  controller.abort();
  await running;
  expect((await left()).toSorted()).toEqual(['1', '29']);
  expect(new Set(erred)).toEqual(new Set(['missing']));
});
