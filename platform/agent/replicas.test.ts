import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openSmallAgent } from '../../tests/support/small-agent.ts';
import type { TestDatabase } from '../../tests/support/database.ts';
import { newUuid } from '../ids.ts';
import { type Announced, announce, hashOf, keep, askableReplicas, sdlOf, withdraw } from './replicas.ts';

let database: TestDatabase;
beforeAll(async () => {
  ({ database } = await openSmallAgent());
});
afterAll(() => database.drop());
beforeEach(() => database.pool.query('delete from platform.agent_replica'));

let port = 4000;

const replica = (agent: string, process = newUuid(), sdl = `type Query { ${agent}: Int }`): Announced => ({
  agent,
  process,
  instance: 'test',
  url: `http://127.0.0.1:${++port}/${agent}`,
  sdl,
});

const lapse = (process: string, seconds = 1) =>
  database.pool.query(
    'update platform.agent_replica set expires_at = now() - make_interval(secs => $2) where process = $1',
    [process, seconds],
  );

const announced = async (...replicas: Announced[]) => {
  for (const one of replicas) await announce(database.kysely, one);
  return replicas[0]!;
};
const places = async () => (await askableReplicas(database.kysely)).map(({ agent, process }) => [agent, process]);

test('an announced replica is found with the hash of its SDL, and the SDL by that hash', async () => {
  const { sdl, ...order } = replica('order');
  await announced({ ...order, sdl }, replica('inventory', order.process));
  const live = await askableReplicas(database.kysely);
  expect(live.map(({ agent }) => agent)).toEqual(['inventory', 'order']);
  expect(live[1]).toEqual({ ...order, sdlHash: hashOf(sdl), isLate: false });
  expect(await sdlOf(database.kysely, live[1]!.sdlHash)).toBe(sdl);
  expect(await sdlOf(database.kysely, hashOf('another'))).toBeUndefined();
});

test('a replica past its lease is not found while its agent has another, and is again after a heartbeat', async () => {
  const [order, other] = [replica('order'), replica('order')];
  await announced(order, other);
  await lapse(order.process);
  expect(await places()).toEqual([['order', other.process]]);
  expect(await keep(database.kysely, order.process, ['order'])).toEqual([]);
  expect((await places()).length).toBe(2);
});

test('an agent whose leases are all over is found by the replicas that renewed last, marked late', async () => {
  const [one, other, dead, buried] = [replica('order'), replica('order'), replica('order'), replica('payment')];
  await announced(one, other, dead, buried, replica('inventory'));
  await lapse(one.process, 1);
  await lapse(other.process, 2);
  await lapse(dead.process, 20);
  await lapse(buried.process, 7200);
  const found = (await askableReplicas(database.kysely)).map(({ agent, process, isLate }) => [agent, process, isLate]);
  expect(found).toEqual([
    ['inventory', expect.anything(), false],
    ['order', one.process, true],
    ['order', other.process, true],
  ]);
});

test('a withdrawn replica is gone, and learns so at its next heartbeat; the others stay', async () => {
  const [one, other] = [replica('order'), replica('order')];
  await announced(one, replica('inventory', one.process), other);
  await withdraw(database.kysely, one);
  expect(await places()).toEqual([
    ['inventory', one.process],
    ['order', other.process],
  ]);
  expect(await keep(database.kysely, one.process, [one.agent])).toEqual([one.agent]);
});

test('a second announcement replaces the first', async () => {
  const order = replica('order');
  await announced(order, { ...order, sdl: 'type Query { more: Int }' });
  const live = await askableReplicas(database.kysely);
  expect(live.map(({ sdlHash }) => sdlHash)).toEqual([hashOf('type Query { more: Int }')]);
});

test('a replica long past its lease is deleted', async () => {
  const [gone, silent] = [replica('order'), replica('order')];
  await announced(gone, silent);
  await lapse(gone.process, 7200);
  await lapse(silent.process, 60);
  await announced(replica('order'));
  const { rows } = await database.pool.query('select process from platform.agent_replica');
  expect(rows.map((row) => row.process)).toContain(silent.process);
  expect(rows.map((row) => row.process)).not.toContain(gone.process);
});

test('a replica at a reused address replaces the earlier one', async () => {
  const [dead, other] = [replica('order'), replica('order')];
  await announced(dead, other);
  const successor = await announced({ ...dead, process: newUuid() });
  expect(await places()).toEqual([
    ['order', other.process],
    ['order', successor.process],
  ]);
});
