import { afterAll, beforeEach, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { meetingChange } from '../../tests/support/meeting-change.ts';
import { openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { until } from '../../tests/support/until.ts';
import { FixedClock } from '../clock.ts';
import { Unavailable } from '../errors.ts';
import { silentLogger } from '../log.ts';
import { newKey } from '../secrets/key-ring.ts';
import { secretsWith } from '../secrets/secrets.ts';
import { onWebhook } from './endpoint.ts';
import { signWebhook } from './signature.ts';
import { createWebhooks, type Webhooks } from './webhooks.ts';

const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const clock = new FixedClock('2026-06-01T12:00:00Z');
const { signal } = new AbortController();

let small: SmallAgent;
let webhooks: Webhooks;
/** The error that the handler throws, if any. */
let failure: Error | undefined;
beforeAll(async () => {
  small = await openSmallAgent();
});
afterAll(() => small.database.drop());

beforeEach(async () => {
  failure = undefined;
  await small.kysely.deleteFrom('small.webhook_delivery').execute();
  await small.kysely.deleteFrom('small.note').execute();
  webhooks = newProcess();
});

/** Another process on the same data. */
function newProcess(): Webhooks {
  const ground = { store: small.store, clock, secrets, log: silentLogger } as never;
  const endpoint = onWebhook<{ id: string; text: string }, any>({
    name: 'carrier',
    secrets: [SECRET],
    reads: z.object({ id: z.string(), text: z.string() }),
    locks: async ({ id }) => [`note:${id}`],
    async handle(work, { id, text }) {
      await work.sql.insertInto('note').values({ id, text }).execute();
      if (failure) throw failure;
    },
  });
  const unconnected = { ...endpoint, name: 'later', secrets: undefined };
  return createWebhooks(ground, [endpoint, unconnected]);
}
const secrets = secretsWith([newKey()]);

const deliver = (text: string, { id = 'msg_1', endpoint = 'carrier' } = {}) => {
  const headers = signWebhook([SECRET], { id, at: clock.now(), body: text });
  return webhooks.receive({
    endpoint,
    id,
    timestamp: headers['webhook-timestamp'],
    signature: headers['webhook-signature'],
    body: Buffer.from(text).toString('base64'),
  });
};
const NOTE = JSON.stringify({ id: 'n1', text: 'a parcel for Zoë' });
const rows = (): Promise<any[]> => small.kysely.selectFrom('small.webhook_delivery').selectAll().execute();
const notes = async () =>
  (await small.kysely.selectFrom('small.note').select('text').execute()).map(({ text }) => text);
const job = (name: string) => webhooks.scheduledJobs.find((each) => each.name === name)!.run(signal, small.kysely);
const attempted = (times: number) =>
  until(`it was tried ${times} times`, async () => (await rows())[0]?.attempts === times);

describe('a delivery', () => {
  test('is handled after it is stored; then its body is not kept', async () => {
    expect(await deliver(NOTE)).toBe('STORED');
    await until('it is handled', async () => (await rows())[0].status === 'HANDLED');
    expect(await notes()).toEqual(['a parcel for Zoë']);
    expect(await rows()).toMatchObject([{ attempts: 1, body: null, error: null, handled_at: clock.now() }]);
  });

  test('is not handled again when it is repeated, and is not stored without a valid signature', async () => {
    expect(await deliver(NOTE)).toBe('STORED');
    await attempted(1);
    expect(await deliver(NOTE)).toBe('REPEATED');
    expect(await deliver(NOTE, { endpoint: 'later' })).toBe('UNKNOWN_ENDPOINT');
    expect(await deliver(NOTE, { endpoint: 'nobody' })).toBe('UNKNOWN_ENDPOINT');
    expect(
      await webhooks.receive({ endpoint: 'carrier', id: 'msg_2', timestamp: '1', signature: 'v1,x', body: '' }),
    ).toBe('SIGNATURE_INVALID');
    await job('handle webhooks');
    expect(await rows()).toHaveLength(1);
    expect(await notes()).toHaveLength(1);
  });

  test('whose process died after it was stored is handled by another process, once, though several try', async () => {
    failure = new Unavailable('dies');
    await deliver(NOTE);
    await attempted(1);
    failure = undefined;
    clock.advance(10_000);
    const others = [newProcess(), newProcess(), newProcess()];
    await Promise.all(others.map(({ scheduledJobs }) => scheduledJobs[0]!.run(signal, small.kysely)));
    expect(await rows()).toMatchObject([{ status: 'HANDLED', attempts: 2 }]);
    expect(await notes()).toHaveLength(1);
  });

  test('that waits is sealed: its body cannot be read from the table', async () => {
    failure = new Error('not yet');
    await deliver(NOTE);
    await attempted(1);
    expect(JSON.stringify(await rows())).not.toMatch(/Zoë|parcel/);
  });
});

describe('a delivery that cannot be handled', () => {
  test('leaves nothing half-done, is retried with backoff, and waits for an operator after 8 attempts', async () => {
    failure = new Error('no such parcel');
    await deliver(NOTE);
    await attempted(1);
    const waits: number[] = [];
    for (let attempt = 2; attempt <= 8; attempt++) {
      const [row] = await rows();
      waits.push(row.next_at.getTime() - clock.now().getTime());
      await job('handle webhooks');
      expect((await rows())[0].attempts).toBe(attempt - 1); // Not before it is due.
      clock.advance(waits.at(-1)! + 1);
      await job('handle webhooks');
    }
    expect(waits[0]).toBeLessThan(1000);
    expect(waits.every((wait, n) => n === 0 || wait > waits[n - 1]! * 1.1)).toBe(true);
    expect(await rows()).toMatchObject([{ status: 'FAILED', attempts: 8, error: 'no such parcel' }]);
    expect(await notes()).toEqual([]);

    clock.advance(3_600_000);
    await job('handle webhooks');
    expect((await rows())[0].attempts).toBe(8);
    failure = undefined;
    const { nodes } = await webhooks.page({ status: 'FAILED' }, {});
    await webhooks.redrive(nodes[0]!.id);
    await until('it is handled', async () => (await rows())[0].status === 'HANDLED');
    expect(await notes()).toHaveLength(1);
    await expect(webhooks.redrive(nodes[0]!.id)).rejects.toMatchObject({ code: 'INVALID_STATE' });
    await expect(webhooks.redrive('webhook_1')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('because of a transient error never waits for an operator', async () => {
    failure = new Unavailable('the database is away');
    await deliver(NOTE);
    await attempted(1);
    for (let attempt = 2; attempt <= 10; attempt++) {
      clock.advance(100_000);
      await job('handle webhooks');
    }
    expect(await rows()).toMatchObject([{ status: 'WAITING', attempts: 10 }]);
  });

  test.each(['not JSON', '{"id":7}'])('because its body is %s has the reason as its error', async (text) => {
    await deliver(text);
    await attempted(1);
    expect((await rows())[0].error).toMatch(/JSON|expected string/);
  });
});

test('a delivery older than thirty days is deleted, unless it still waits', async () => {
  await deliver(NOTE, { id: 'msg_old' });
  await until('it is handled', async () => (await rows())[0].status === 'HANDLED');
  failure = new Unavailable('waits');
  await deliver(NOTE, { id: 'msg_waiting' });
  clock.advance(31 * 86_400_000);
  await job('forget webhooks');
  expect((await rows()).map((row) => row.webhook_id)).toEqual(['msg_waiting']);
});

test('an old delivery that is redriven at the moment when it would be deleted stays', async () => {
  await deliver(NOTE);
  await until('it is handled', async () => (await rows())[0].status === 'HANDLED');
  clock.advance(31 * 86_400_000);
  const redriven = `update small.webhook_delivery set status = 'WAITING', handled_at = null`;
  await meetingChange(small.database.pool, redriven, () => job('forget webhooks'));
  expect(await rows()).toHaveLength(1);
});

test('an agent whose endpoints have no secret has no scheduled jobs', () => {
  expect(createWebhooks({ store: small.store } as never, []).scheduledJobs).toEqual([]);
});
