import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { operator } from '../../tests/support/actors.ts';
import { runOutbound, shopOpened, smallOutbound, smallSecrets } from '../../tests/support/outbound-fixture.ts';
import { openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { countStatements, type Statements } from '../../tests/support/statements.ts';
import { until } from '../../tests/support/until.ts';
import { openReceiver, type Receiver } from '../../tests/support/webhook-receiver.ts';
import { FixedClock } from '../clock.ts';
import { newId } from '../ids.ts';
import { verifyWebhook } from '../webhooks/signature.ts';
import { MAX_ATTEMPTS_KEPT } from './outbound-sql.ts';
import type { Outbound } from './outbound.ts';
import { sealedFor } from './secrets.ts';
import { WAITS_MS } from './schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let counted: Statements;
let small: SmallAgent;
let clock: FixedClock;
let outbound: Outbound;
let running: { stop(): Promise<void> };
let receivers: Receiver[];

beforeAll(async () => {
  counted = countStatements();
  small = await openSmallAgent();
});
afterAll(async () => {
  await small?.database.drop();
  counted.stop();
});
beforeEach(async () => {
  await small.empty();
  await small.database.pool.query('truncate small.outbound_endpoint cascade; truncate small.idempotency');
  clock = new FixedClock('2026-06-01T12:00:00Z');
  outbound = smallOutbound(small, { clock });
  running = await runOutbound(small, outbound);
  receivers = [];
});
afterEach(async () => {
  await Promise.all(receivers.map((receiver) => receiver.close()));
  await running.stop();
});

const context = { actor: operator, correlationId: 'req_1' };
const once = () => ({ idempotencyKey: newId('key') });

async function receive(eventTypes = ['note.*'], merchantId: string | null = null) {
  const receiver = await openReceiver();
  receivers.push(receiver);
  const input = { url: receiver.url, description: '', eventTypes, ...once() };
  const { endpointId, secret } = await outbound.endpoints.create(input, merchantId, context);
  return { receiver, id: endpointId, secret: secret! };
}
const query = async (text: string, values: unknown[] = []): Promise<any[]> =>
  (await small.database.pool.query(text, values)).rows;
const endpointOf = async (id: string) => (await query('select * from small.outbound_endpoint where id = $1', [id]))[0];
const deliveries = (id: string) =>
  query('select * from small.outbound_delivery where endpoint_id = $1 order by place', [id]);
const published = (type: string) => query('select payload from platform.event_log where type = $1', [type]);

/** Waits until all events are recorded, and nothing is due or under way. */
async function settled(): Promise<void> {
  await until('all events are consumed', async () => {
    const [{ behind }] = await query(`select count(*)::int as behind from platform.event_log e, platform.log_cursor c
      where (e.xid, e.position) > (c.xid, c.position) and e.type = any(c.types)`);
    return behind === 0;
  });
  outbound.wake();
  await until('nothing is due', async () => {
    const rows = await query(
      `select from small.outbound_endpoint e left join small.outbound_lane l on l.endpoint_id = e.id
        where e.status = 'ENABLED'
          and (e.replay_after is not null or l.claim is not null or greatest(l.due_at, e.resumes_at) <= $1)`,
      [clock.now()],
    );
    return rows.length === 0;
  });
}
async function advance(ms: number): Promise<void> {
  clock.advance(ms);
  await settled();
}
const versionsOf = (received: Receiver['accepted']): Map<string, number[]> =>
  new Map(
    [...Map.groupBy(received, ({ event }) => event.subject)].map(([subject, some]) => [
      subject,
      some.map(({ event }) => event.aggregateversion),
    ]),
  );
const inOrder = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);
const openShop = (merchantId: string) =>
  small.store.write({ locks: [], origin: {} }, async (work) => {
    const shopId = newId('shop');
    work.publish(shopOpened, { aggregateId: shopId, aggregateVersion: 1, payload: { shopId, merchantId } });
  });

describe('an event', () => {
  test('is sent to each endpoint that asks for it, signed, and to no other', async () => {
    const [all, some, other] = [await receive(['*']), await receive(['note.written']), await receive(['note.read'])];
    await small.write('n1', 'hello');
    await settled();
    expect(other.receiver.received).toEqual([]);
    for (const { receiver, secret } of [all, some]) {
      const [{ id, headers, body, event }] = receiver.received as [Receiver['received'][0]];
      expect(receiver.received).toHaveLength(1);
      expect(event).toEqual({
        specversion: '1.0',
        id,
        type: 'note.written',
        source: 'small',
        subject: 'n1',
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        datacontenttype: 'application/json',
        aggregatetype: 'note',
        aggregateversion: 1,
        cursor: expect.stringMatching(/^[\da-f]{8}\.\d+\.\d+$/),
        data: { id: 'n1', text: 'hello' },
      });
      const signed = {
        id,
        timestamp: headers['webhook-timestamp'] as string,
        signature: headers['webhook-signature'] as string,
      };
      expect(verifyWebhook([secret], signed, Buffer.from(body), clock.now())).toBe('GENUINE');
      expect(headers['content-type']).toBe('application/json');
    }
    expect(await deliveries(some.id)).toMatchObject([{ status: 'DELIVERED', attempts: 0, event_type: 'note.written' }]);
    expect(await query('select status_code, error from small.outbound_attempt')).toEqual(
      Array(2).fill({ status_code: 204, error: null }),
    );
  });

  test('of another merchant, or of none, is not sent to the endpoint of a merchant', async () => {
    const [mine, house] = [await receive(['shop.*'], 'mine'), await receive(['shop.*'])];
    await openShop('mine');
    await openShop('theirs');
    await settled();
    expect(mine.receiver.received.map(({ event }) => event.data.merchantId)).toEqual(['mine']);
    expect(house.receiver.received).toHaveLength(2);
    await expect(receive(['note.written'], 'mine')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('do not say which merchant'),
    });
  });

  test('is recorded once though the consumer handles it again, and not for an endpoint that was disabled', async () => {
    const { receiver, id } = await receive();
    const off = await receive();
    await outbound.endpoints.setEnabled(off.id, false, context, 'ALL');
    await small.write('n1');
    await settled();
    await query(`update platform.log_cursor set xid = '0', position = 0, begun_after = null`);
    await small.write('n2');
    await settled();
    expect(receiver.received.map(({ event }) => event.subject)).toEqual(['n1', 'n2']);
    expect(await deliveries(id)).toHaveLength(2);
    expect(off.receiver.received).toEqual([]);
    expect(await deliveries(off.id)).toEqual([]);
  });
});

test('after an hour in which the receiver was down, each webhook is accepted once, in the order of its aggregate', async () => {
  const { receiver, id } = await receive();
  receiver.answers = (_, response) => void response.destroy();
  const AGGREGATES = 40;
  const VERSIONS = 8;
  const writeAll = () => Promise.all(Array.from({ length: AGGREGATES }, (_, n) => small.write(`n${n}`)));
  for (let minute = 0; minute < 60; minute += 1) {
    if (minute < VERSIONS) await writeAll();
    await advance(MINUTE);
  }
  expect(receiver.accepted).toEqual([]);
  // The circuit is open: it is probed, and the rest is left alone.
  expect(receiver.received.length).toBeGreaterThan(10);
  expect(receiver.received.length).toBeLessThan(40);
  expect(await endpointOf(id)).toMatchObject({ status: 'ENABLED', failing_since: expect.any(Date) });

  receiver.answers = () => 204;
  receiver.received.length = 0;
  for (let minute = 0; minute < 6; minute += 1) await advance(MINUTE);
  expect(receiver.accepted).toHaveLength(AGGREGATES * VERSIONS);
  expect(new Set(receiver.accepted.map((one) => one.id)).size).toBe(AGGREGATES * VERSIONS);
  const versions = versionsOf(receiver.accepted);
  expect(versions.size).toBe(AGGREGATES);
  for (const some of versions.values()) expect(some).toEqual(inOrder(VERSIONS));
  expect(await endpointOf(id)).toMatchObject({ failures: 0, failing_since: null, resumes_at: null });
  expect(await query('select from small.outbound_lane')).toEqual([]);
});

describe('a webhook that fails', () => {
  test('is tried again by the schedule, holds up its own aggregate alone, and is given up in the end', async () => {
    const { receiver, id } = await receive();
    receiver.answers = ({ event }) => (event.subject === 'bad' && event.aggregateversion === 1 ? 500 : 204);
    await small.write('bad');
    await small.write('bad');
    await small.write('good');
    await settled();
    expect(receiver.accepted.map(({ event }) => event.subject)).toEqual(['good']);
    for (const [n, wait] of WAITS_MS.entries()) {
      expect(receiver.received.filter(({ event }) => event.subject === 'bad')).toHaveLength(n + 1);
      await advance(wait * 0.85);
      expect(receiver.received.filter(({ event }) => event.subject === 'bad')).toHaveLength(n + 1);
      await advance(wait * 0.3);
    }
    const ids = receiver.received.filter(({ event }) => event.subject === 'bad').map((one) => one.id);
    expect(new Set(ids.slice(0, 10)).size).toBe(1);
    expect(await deliveries(id)).toMatchObject([
      { status: 'FAILED', attempts: 10, finished_at: expect.any(Date) },
      { status: 'DELIVERED' },
      { status: 'DELIVERED' },
    ]);
    expect(receiver.accepted.map(({ event }) => event.subject)).toEqual(['good', 'bad']);

    receiver.answers = () => 204;
    const [{ id: failed }] = await deliveries(id);
    const again = { id: failed, ...once() };
    await outbound.deliveries.redeliver(again, context, 'ALL');
    await settled();
    expect(receiver.accepted.at(-1)!.id).toBe(ids[0]);
    expect(receiver.accepted.at(-1)!.body).toBe(receiver.received[0]!.body);
    // The same request once more sends nothing.
    await outbound.deliveries.redeliver(again, context, 'ALL');
    await settled();
    expect(receiver.accepted).toHaveLength(3);
  });

  test('though its receiver had handled it comes again under the same id', async () => {
    const { receiver } = await receive();
    const handled: string[] = [];
    receiver.answers = ({ id }) => {
      handled.push(id);
      return handled.length === 1 ? 500 : 204;
    };
    await small.write('n1');
    await settled();
    await advance(6000);
    expect(handled).toHaveLength(2);
    expect(handled[0]).toBe(handled[1]);
    expect(receiver.received[0]!.body).toBe(receiver.received[1]!.body);
  });

  test('with a wish to be left alone is sent when the receiver asked for it, as often as it takes', async () => {
    const { receiver, id } = await receive();
    let refusals = 0;
    receiver.answers = (_, response) => {
      if (refusals++ < 15) response.writeHead(429, { 'retry-after': '120' }).end('slowly, please');
      else return 200;
    };
    await small.write('n1');
    await small.write('n2');
    await settled();
    for (let n = 0; n < 20; n++) {
      const before = receiver.received.length;
      await advance(119_000);
      expect(receiver.received).toHaveLength(before);
      await advance(2000);
    }
    expect(new Set(receiver.accepted.map(({ event }) => event.subject))).toEqual(new Set(['n1', 'n2']));
    expect(await deliveries(id)).toMatchObject(Array(2).fill({ status: 'DELIVERED', attempts: 0 }));
    expect(await query(`select answer from small.outbound_attempt where status_code = 429 limit 1`)).toEqual([
      { answer: 'slowly, please' },
    ]);
  });

  test.each([
    ['a redirect', 302, /redirect/],
    ['a client error', 404, null],
  ])('because of %s has that in its attempts, and no other address is asked', async (_, status, error) => {
    const elsewhere = await openReceiver();
    receivers.push(elsewhere);
    const { receiver } = await receive();
    receiver.answers = (_one, response) =>
      void response.writeHead(status, { location: elsewhere.url }).end(`x\0${'y'.repeat(10_000)}`);
    await small.write('n1');
    await settled();
    const [attempt] = await query('select * from small.outbound_attempt');
    expect(attempt).toMatchObject({ status_code: status, number: 1 });
    if (error) expect(attempt.error).toMatch(error);
    expect(attempt.answer).toHaveLength(500);
    expect(elsewhere.received).toEqual([]);
  });

  test('has its last attempts kept, and no more', async () => {
    const { receiver } = await receive();
    receiver.answers = (_, response) => void response.writeHead(503, { 'retry-after': '1' }).end();
    await small.write('n1');
    await settled();
    for (let n = 0; n < MAX_ATTEMPTS_KEPT + 3; n++) await advance(2000);
    const rows = await query('select number from small.outbound_attempt order by number');
    expect(rows).toHaveLength(MAX_ATTEMPTS_KEPT);
    expect(rows.at(-1)!.number).toBe(receiver.received.length);
  });
});

describe('an endpoint', () => {
  test('whose receiver answers 410 is disabled, which is published; it goes on once it is enabled', async () => {
    const { receiver, id } = await receive();
    receiver.answers = () => 410;
    await small.write('n1');
    await until('it is disabled', async () => (await endpointOf(id)).status === 'DISABLED');
    await small.write('n2');
    await settled();
    await advance(DAY);
    expect(receiver.received).toHaveLength(1);
    expect(await endpointOf(id)).toMatchObject({ disabled_reason: 'GONE', version: 2 });
    expect(await published('small.endpoint_disabled')).toEqual([
      { payload: { endpointId: id, merchantId: null, reason: 'GONE', disabledAt: expect.any(String) } },
    ]);
    receiver.answers = () => 200;
    await outbound.endpoints.setEnabled(id, true, context, 'ALL');
    await settled();
    expect(receiver.accepted.map(({ event }) => event.subject)).toEqual(['n1']);
  });

  test('that fails for five days without a success is disabled, and one that succeeds now and then is not', async () => {
    const [bad, fair] = [await receive(), await receive()];
    bad.receiver.answers = () => 500;
    for (let hour = 0; hour < 126; hour += 3) {
      fair.receiver.answers = () => (hour % 12 === 0 ? 200 : 500);
      if (hour % 12 === 0) await small.write(`n${hour}`);
      await advance(3 * HOUR);
    }
    await until('it is disabled', async () => (await endpointOf(bad.id)).status === 'DISABLED');
    expect(await endpointOf(bad.id)).toMatchObject({ disabled_reason: 'FAILING' });
    expect(await endpointOf(fair.id)).toMatchObject({ status: 'ENABLED' });
    expect(await published('small.endpoint_disabled')).toHaveLength(1);
  });

  test('that hangs takes eight attempts and no more, and holds up no other', async () => {
    const [slow, quick] = [await receive(), await receive()];
    const open: (() => void)[] = [];
    slow.receiver.answers = (_, response) => void open.push(() => response.writeHead(200).end());
    for (let n = 0; n < 30; n++) await small.write(`n${n}`);
    await until('the other one has all', () => quick.receiver.accepted.length === 30);
    await until('its places are taken', () => open.length === 8);
    slow.receiver.answers = () => 200;
    open.forEach((answer) => answer());
    await settled();
    expect(slow.receiver.accepted).toHaveLength(30);
    expect(new Set(slow.receiver.received.map(({ id }) => id)).size).toBe(30);
  });

  test('has a secret that is shown once and sealed, and two that sign while it is rotated', async () => {
    const { receiver, id, secret: old } = await receive();
    const row = await endpointOf(id);
    expect(JSON.stringify(row)).not.toContain(old.slice(6));
    expect(smallSecrets.open(row.secret, sealedFor(id))).toBe(old);

    const rotation = { id, overlapHours: 24, ...once() };
    const { secret: next } = await outbound.endpoints.rotateSecret(rotation, context, 'ALL');
    expect(next).toMatch(/^whsec_[\w+/]{43}=$/);
    expect(next).not.toBe(old);
    expect((await outbound.endpoints.rotateSecret(rotation, context, 'ALL')).secret).toBe(next);
    await small.write('n1');
    await settled();
    await advance(25 * HOUR);
    await small.write('n2');
    await settled();
    expect((await outbound.endpoints.rotateSecret(rotation, context, 'ALL')).secret).toBe(null);
    const byWhom = receiver.received.map(({ headers, body, id: messageId }) =>
      [old, next!].map((secret) => {
        const at = new Date(Number(headers['webhook-timestamp']) * 1000);
        return String(headers['webhook-signature']).split(' ').includes(new Webhook(secret).sign(messageId, at, body));
      }),
    );
    expect(byWhom).toEqual([
      [true, true],
      [false, true],
    ]);
  });

  test('is made once for a key, and of one owner there are twenty at most', async () => {
    const input = { url: 'http://127.0.0.1:9/', description: '', eventTypes: ['*'], ...once() };
    const first = await outbound.endpoints.create(input, null, context);
    expect(await outbound.endpoints.create(input, null, context)).toEqual(first);
    clock.advance(11 * MINUTE);
    expect(await outbound.endpoints.create(input, null, context)).toEqual({ ...first, secret: null });
    for (let n = 1; n < 20; n++) await outbound.endpoints.create({ ...input, ...once() }, null, context);
    await expect(outbound.endpoints.create({ ...input, ...once() }, null, context)).rejects.toMatchObject({
      code: 'INVALID_STATE',
    });
    const theirs = { ...input, eventTypes: ['shop.opened'], ...once() };
    await expect(outbound.endpoints.create(theirs, 'm1', context)).resolves.toMatchObject({
      secret: expect.any(String),
    });
  });

  test('that is deleted receives nothing more, and is forgotten with its deliveries', async () => {
    const { receiver, id } = await receive();
    receiver.answers = () => 500;
    await small.write('n1');
    await settled();
    await outbound.endpoints.delete(id, context, 'ALL');
    await small.write('n2');
    await settled();
    await advance(HOUR);
    expect(receiver.received).toHaveLength(1);
    expect(await outbound.endpoints.byIds([id], 'ALL')).toEqual([]);
    await expect(outbound.endpoints.setEnabled(id, true, context, 'ALL')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await job('forget deliveries');
    for (const table of ['endpoint', 'delivery', 'attempt', 'lane'])
      expect([table, await query(`select from small.outbound_${table}`)]).toEqual([table, []]);
  });

  test('of another owner is not found, and is not changed by one who saw an older version', async () => {
    const { id } = await receive(['shop.*'], 'm1');
    const change = { id, expectedVersion: 1, description: 'changed' };
    await expect(outbound.endpoints.update(change, context, [{ merchantId: 'm2' }])).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await outbound.endpoints.update(change, context, [{ merchantId: 'm1' }]);
    await expect(outbound.endpoints.update(change, context, 'ALL')).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    await expect(
      outbound.endpoints.update({ ...change, expectedVersion: 2, url: 'http://10.0.0.1/' }, context, 'ALL'),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(await endpointOf(id)).toMatchObject({ description: 'changed', version: 2 });
  });
});

const job = (name: string) =>
  outbound.scheduledJobs.find((one) => one.name === name)!.run(new AbortController().signal, small.kysely);

describe('a replay', () => {
  test('sends again what came after a cursor, under the same ids and in order, and then what is new', async () => {
    const { receiver, id } = await receive(['note.*']);
    for (let n = 0; n < 250; n++) await small.write(`n${n % 5}`);
    await settled();
    expect(receiver.accepted).toHaveLength(250);
    const before = receiver.accepted.splice(0);
    const from = before.findIndex(({ event }) => event.subject === 'n0' && event.aggregateversion === 3);
    await outbound.endpoints.replay({ id, after: before[from]!.event.cursor, ...once() }, context, 'ALL');
    await small.write('n0');
    await settled();
    await settled();
    const cursorOf = (one: Receiver['accepted'][0]) => one.event.cursor.split('.').map(Number).slice(1);
    const isLater = (one: Receiver['accepted'][0]) => {
      const [[xid, position], [fromXid, fromPosition]] = [cursorOf(one), cursorOf(before[from]!)];
      return xid! > fromXid! || (xid === fromXid && position! > fromPosition!);
    };
    const expected = new Set(before.filter(isLater).map((one) => one.id));
    const again = receiver.accepted.filter((one) => expected.has(one.id));
    expect(again).toHaveLength(expected.size);
    expect(new Set(again.map((one) => one.id))).toEqual(expected);
    expect(receiver.accepted).toHaveLength(expected.size + 1);
    for (const [subject, versions] of versionsOf(receiver.accepted)) {
      const last = subject === 'n0' ? 51 : 50;
      expect(versions).toEqual(inOrder(last).slice(last - versions.length));
    }
    expect(await endpointOf(id)).toMatchObject({ replay_after: null });
  });

  test('of what still waits keeps the order, and misses nothing that is written meanwhile', async () => {
    const { receiver, id } = await receive(['note.*']);
    receiver.answers = () => 500;
    for (let n = 0; n < 60; n++) await small.write(`n${n % 3}`);
    await settled();
    receiver.answers = () => 200;
    const writing = (async () => {
      for (let n = 0; n < 60; n++) await small.write(`n${n % 3}`);
    })();
    await outbound.endpoints.replay({ id, since: new Date(0), ...once() }, context, 'ALL');
    await writing;
    for (let n = 0; n < 8; n++) await advance(MINUTE);
    for (const versions of versionsOf(receiver.accepted).values()) expect(versions).toEqual(inOrder(40));
  });

  test('of an endpoint that was disabled brings what it has missed', async () => {
    const { receiver, id } = await receive();
    await outbound.endpoints.setEnabled(id, false, context, 'ALL');
    await small.write('n1');
    await settled();
    await expect(
      outbound.endpoints.replay({ id, since: new Date(0), ...once() }, context, 'ALL'),
    ).rejects.toMatchObject({ code: 'INVALID_STATE' });
    await outbound.endpoints.setEnabled(id, true, context, 'ALL');
    await outbound.endpoints.replay({ id, since: new Date(0), ...once() }, context, 'ALL');
    await settled();
    expect(receiver.accepted.map(({ event }) => event.subject)).toEqual(['n1']);
  });

  test.each([
    [{}, 'Give the place'],
    [{ after: 'x', since: new Date() }, 'Give the place'],
    [{ after: 'x' }, 'not a cursor'],
    [{ after: '00000000.1.1' }, 'older than the log'],
  ])('from %j is refused', async (from, message) => {
    const { id } = await receive();
    await expect(outbound.endpoints.replay({ id, ...from, ...once() }, context, 'ALL')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining(message),
    });
  });
});

test('a test webhook is sent once for a key, and waits for no other', async () => {
  const { receiver, id } = await receive();
  const input = { id, ...once() };
  const delivery = await outbound.endpoints.sendTest(input, context, 'ALL');
  expect(await outbound.endpoints.sendTest(input, context, 'ALL')).toBe(delivery);
  await settled();
  expect(receiver.accepted.map(({ event }) => [event.type, event.subject, event.cursor])).toEqual([
    ['webhook.test', id, undefined],
  ]);
});

test('deliveries are kept for thirty days', async () => {
  const { id } = await receive();
  await small.write('n1');
  await settled();
  clock.advance(29 * DAY);
  await small.write('n2');
  await settled();
  await job('forget deliveries');
  expect(await deliveries(id)).toHaveLength(2);
  clock.advance(2 * DAY);
  await job('forget deliveries');
  expect(await deliveries(id)).toMatchObject([{ aggregate_id: 'n2' }]);
});

test('a sender with nothing to do asks the database nothing', async () => {
  const { receiver } = await receive();
  receiver.answers = () => 500;
  await small.write('n1');
  await settled();
  const isQuiet = async (): Promise<boolean> => {
    counted.reset();
    await new Promise((resolve) => setTimeout(resolve, 200));
    return !counted.texts.some((text) => text.includes('outbound'));
  };
  await until('it is idle', isQuiet);
  counted.reset();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(counted.texts.filter((text) => text.includes('outbound'))).toEqual([]);
});
