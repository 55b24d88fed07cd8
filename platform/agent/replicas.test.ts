import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openSmallAgent } from '../../tests/support/small-agent.ts';
import type { TestDatabase } from '../../tests/support/database.ts';
import { newUuid } from '../ids.ts';
import { type Announced, announce, hashOf, keep, liveReplicas, sdlOf, withdraw } from './replicas.ts';

let database: TestDatabase;
beforeAll(async () => {
  ({ database } = await openSmallAgent());
});
afterAll(() => database.drop());
beforeEach(() => database.pool.query('delete from platform.agent_replica'));

const replica = (agent: string, process = newUuid(), sdl = `type Query { ${agent}: Int }`): Announced => ({
  agent,
  process,
  instance: 'test',
  url: `http://127.0.0.1:4001/${agent}`,
  sdl,
});

const lapse = (process: string, seconds = 1) =>
  database.pool.query(
    'update platform.agent_replica set expires_at = now() - make_interval(secs => $2) where process = $1',
    [process, seconds],
  );

test('who announces itself is found, with the hash of its SDL, by which the text is found', async () => {
  const { sdl, ...order } = replica('order');
  await announce(database.kysely, [{ ...order, sdl }, replica('inventory', order.process)]);
  const live = await liveReplicas(database.kysely);
  expect(live.map(({ agent }) => agent)).toEqual(['inventory', 'order']);
  expect(live[1]).toEqual({ ...order, sdlHash: hashOf(sdl) });
  expect(await sdlOf(database.kysely, live[1]!.sdlHash)).toBe(sdl);
  expect(await sdlOf(database.kysely, hashOf('another'))).toBeUndefined();
});

test('whose lease has run out is not found, and is again after a sign of life', async () => {
  const order = replica('order');
  await announce(database.kysely, [order]);
  await lapse(order.process);
  expect(await liveReplicas(database.kysely)).toEqual([]);
  expect(await keep(database.kysely, order.process)).toBe(1);
  expect(await liveReplicas(database.kysely)).toHaveLength(1);
});

test('a process that withdraws is gone with all its agents, and the others stay', async () => {
  const [one, other] = [newUuid(), newUuid()];
  await announce(database.kysely, [replica('order', one), replica('inventory', one)]);
  await announce(database.kysely, [replica('order', other)]);
  await withdraw(database.kysely, one);
  expect((await liveReplicas(database.kysely)).map(({ agent, process }) => [agent, process])).toEqual([
    ['order', other],
  ]);
  expect(await keep(database.kysely, one)).toBe(0);
});

test('who announces itself again has what it says now', async () => {
  const order = replica('order');
  await announce(database.kysely, [order]);
  await announce(database.kysely, [{ ...order, sdl: 'type Query { more: Int }' }]);
  const live = await liveReplicas(database.kysely);
  expect(live.map(({ sdlHash }) => sdlHash)).toEqual([hashOf('type Query { more: Int }')]);
});

test('who has been gone for long is forgotten', async () => {
  const [gone, silent] = [replica('order'), replica('order')];
  await announce(database.kysely, [gone]);
  await announce(database.kysely, [silent]);
  await lapse(gone.process, 7200);
  await lapse(silent.process, 60);
  await announce(database.kysely, [replica('inventory')]);
  const { rows } = await database.pool.query('select process from platform.agent_replica order by agent');
  expect(rows.map((row) => row.process)).toContain(silent.process);
  expect(rows.map((row) => row.process)).not.toContain(gone.process);
});
