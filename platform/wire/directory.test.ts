import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { sql } from 'kysely';
import { openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { until } from '../../tests/support/until.ts';
import { type Announced, announce, withdraw } from '../agent/replicas.ts';
import { systemClock } from '../clock.ts';
import { newUuid } from '../ids.ts';
import { ANONYMOUS } from '../identity/actor.ts';
import { silentLogger } from '../log.ts';
import { Breakers } from '../resilience/breakers.ts';
import { POLICIES } from '../resilience/policies.ts';
import { Directory } from './directory.ts';
import { bePresent } from './presence.ts';
import { resetOnReturn } from './reset-on-return.ts';
import { requestSigner } from './signed-request.ts';
import { type ServedSmall, serveSmall, testRing } from './wire.testing.ts';

let small: SmallAgent;
beforeAll(async () => {
  small = await openSmallAgent();
});
afterAll(() => small.database.drop());

let directory: Directory;
let served: ServedSmall;
beforeEach(async () => {
  await small.database.pool.query('delete from platform.agent_replica');
  directory = new Directory({
    kysely: small.kysely,
    signer: requestSigner(testRing, 'me', systemClock),
    log: silentLogger,
  });
  served = await serveSmall();
});
afterEach(async () => {
  jest.restoreAllMocks();
  directory.close();
  await served.served.close();
});

const place = (more: Partial<Announced> = {}): Announced => ({
  ...served.replica,
  sdl: 'type Query { a: Int }',
  ...more,
});
const processes = () => directory.replicas.map(({ process }) => process);
const ask = () =>
  directory.endpoint('small').execute({ query: '{ values { id } }' }, { actor: ANONYMOUS, correlationId: 'r' });

test('an agent is asked as soon as it has announced itself, and not after it has withdrawn', async () => {
  await expect(ask()).rejects.toMatchObject({ message: 'The agent small is not there.' });
  const replica = place();
  await announce(small.kysely, replica);
  expect((await ask()).errors).toBeUndefined();
  await withdraw(small.kysely, replica);
  await directory.look();
  await expect(ask()).rejects.toMatchObject({ message: 'The agent small is not there.' });
});

test('the last known replicas are asked while the database does not answer', async () => {
  await announce(small.kysely, place());
  await directory.look();
  await sql`alter table platform.agent_replica rename to away`.execute(small.kysely);
  try {
    await expect(directory.look()).rejects.toThrow('agent_replica');
    expect((await ask()).errors).toBeUndefined();
  } finally {
    await sql`alter table platform.away rename to agent_replica`.execute(small.kysely);
  }
});

test('an agent whose only process is too busy for a heartbeat is asked all the same', async () => {
  await announce(small.kysely, place());
  await sql`update platform.agent_replica set expires_at = now() - interval '1 minute'`.execute(small.kysely);
  await directory.look();
  expect((await ask()).errors).toBeUndefined();
});

test('a replica at the address of another replaces it at once', async () => {
  await announce(small.kysely, place());
  await directory.look();
  const successor = place({ process: newUuid() });
  await announce(small.kysely, successor);
  await directory.look();
  expect(processes()).toEqual([successor.process]);
});

test('a process stays in the directory by its heartbeats, and is announced again when its row is gone', async () => {
  const replica = place();
  const ending = new AbortController();
  const { promise: isThere, resolve: onThere } = Promise.withResolvers<void>();
  const present = bePresent(
    { kyselyFor: () => small.kysely, replicas: [replica], log: silentLogger, onThere },
    ending.signal,
  );
  try {
    await isThere;
    await small.database.pool.query('delete from platform.agent_replica');
    const isBack = async () =>
      (await small.database.pool.query('select 1 from platform.agent_replica')).rows.length === 1;
    await until('it is back', isBack);
  } finally {
    ending.abort();
    await present;
  }
});

test('circuits to an agent close when a new replica of it appears, and not for those of others', async () => {
  const breakers = new Breakers();
  resetOnReturn(directory, breakers);
  const guards = ['small', 'other'].map((name) => breakers.of('order')(`agent:${name}`, { policy: POLICIES.command }));
  for (const guard of guards)
    for (let n = 0; n < 20; n++) await guard.execute(() => Promise.reject(new Error('no answer'))).catch(() => {});
  const states = () => guards.map((guard) => guard.state.state);
  expect(states()).toEqual(['OPEN', 'OPEN']);
  await announce(small.kysely, place());
  await directory.look();
  expect(states()).toEqual(['CLOSED', 'OPEN']);
});
