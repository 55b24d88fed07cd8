import { describe, expect, test } from '@jest/globals';
import { shopOpened } from '../../tests/support/outbound-fixture.ts';
import { byOperator, MINUTE, once, outboundWorld, upTo, versionsOf } from '../../tests/support/outbound-world.ts';
import { countStatements } from '../../tests/support/statements.ts';
import { until } from '../../tests/support/until.ts';
import type { Receiver } from '../../tests/support/webhook-receiver.ts';
import { newId } from '../ids.ts';
import { verifyWebhook } from '../webhooks/signature.ts';
import { MAX_ATTEMPTS_KEPT } from './outbound-sql.ts';
import { MAX_PAUSES, WAITS_MS } from './schedule.ts';

const world = outboundWorld();

const openShop = (merchantId: string) =>
  world.small.store.write({ locks: [], origin: {} }, async (work) => {
    const shopId = newId('shop');
    work.publish(shopOpened, { aggregateId: shopId, aggregateVersion: 1, payload: { shopId, merchantId } });
  });

describe('an event', () => {
  test('is sent to each endpoint that asks for it, signed, and to no other', async () => {
    const [all, some, other] = [
      await world.receive(['*']),
      await world.receive(['note.written']),
      await world.receive(['note.read']),
    ];
    await world.small.write('n1', 'hello');
    await world.settled();
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
      expect(verifyWebhook([secret], signed, Buffer.from(body), world.clock.now())).toBe('GENUINE');
      expect(headers['content-type']).toBe('application/json');
    }
    expect(await world.deliveries(some.id)).toMatchObject([
      { status: 'DELIVERED', attempts: 0, event_type: 'note.written' },
    ]);
    expect(await world.query('select status_code, error from small.outbound_attempt')).toEqual(
      Array(2).fill({ status_code: 204, error: null }),
    );
  });

  test('of another merchant, or of none, is not sent to the endpoint of a merchant', async () => {
    const [mine, house] = [await world.receive(['shop.*'], 'mine'), await world.receive(['shop.*'])];
    await openShop('mine');
    await openShop('theirs');
    await world.settled();
    expect(mine.receiver.received.map(({ event }) => event.data.merchantId)).toEqual(['mine']);
    expect(house.receiver.received).toHaveLength(2);
    await expect(world.receive(['note.written'], 'mine')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('do not say which merchant'),
    });
  });

  test('is told once, and what it tells of can be read by then', async () => {
    const { receiver } = await world.receive();
    const read: number[] = [];
    receiver.answers = async ({ event }) => {
      read.push((await world.query('select version from small.note where id = $1', [event.subject]))[0]?.version);
      return 204;
    };
    for (let n = 0; n < 3; n++) await world.small.write('n1');
    await world.settled();
    expect(versionsOf(receiver.accepted).get('n1')).toEqual([1, 2, 3]);
    for (const [index, version] of read.entries()) expect(version).toBeGreaterThan(index);
  });

  test('is recorded once though the consumer handles it again, and not for an endpoint that was disabled', async () => {
    const { receiver, id } = await world.receive();
    const off = await world.receive();
    await world.outbound.endpoints.setEnabled(off.id, false, byOperator, 'ALL');
    await world.small.write('n1');
    await world.settled();
    await world.query(`update platform.log_cursor set xid = '0', position = 0, begun_after = null`);
    await world.small.write('n2');
    await world.settled();
    expect(receiver.received.map(({ event }) => event.subject)).toEqual(['n1', 'n2']);
    expect(await world.deliveries(id)).toHaveLength(2);
    expect(off.receiver.received).toEqual([]);
    expect(await world.deliveries(off.id)).toEqual([]);
  });
});

test('after an hour in which the receiver was down, each webhook is accepted once, in the order of its aggregate', async () => {
  const { receiver, id } = await world.receive();
  receiver.answers = (_, response) => void response.destroy();
  const AGGREGATES = 40;
  const VERSIONS = 8;
  const writeAll = () => Promise.all(Array.from({ length: AGGREGATES }, (_, n) => world.small.write(`n${n}`)));
  for (let minute = 0; minute < 60; minute += 1) {
    if (minute < VERSIONS) await writeAll();
    await world.advance(MINUTE);
  }
  expect(receiver.accepted).toEqual([]);
  // The circuit is open: it is probed, and the rest is left alone.
  expect(receiver.received.length).toBeGreaterThan(10);
  expect(receiver.received.length).toBeLessThan(40);
  expect(await world.endpointOf(id)).toMatchObject({ status: 'ENABLED', failing_since: expect.any(Date) });

  receiver.answers = () => 204;
  receiver.received.length = 0;
  for (let minute = 0; minute < 6; minute += 1) await world.advance(MINUTE);
  expect(receiver.accepted).toHaveLength(AGGREGATES * VERSIONS);
  expect(new Set(receiver.accepted.map((one) => one.id)).size).toBe(AGGREGATES * VERSIONS);
  const versions = versionsOf(receiver.accepted);
  expect(versions.size).toBe(AGGREGATES);
  for (const some of versions.values()) expect(some).toEqual(upTo(VERSIONS));
  expect(await world.endpointOf(id)).toMatchObject({ failures: 0, failing_since: null, resumes_at: null });
  expect(await world.query('select from small.outbound_lane')).toEqual([]);
});

test('at the first success of an endpoint that was left alone all that waits is sent, whenever its own time is', async () => {
  const { receiver, id } = await world.receive();
  receiver.answers = () => 500;
  for (let n = 0; n < 5; n++) await world.small.write(`n${n}`);
  await world.settled();
  const fewest = async () => Math.min(...(await world.deliveries(id)).map(({ attempts }) => attempts));
  // From then on half an hour lies between two attempts of each.
  while ((await fewest()) < 3) await world.advance(5 * MINUTE);
  receiver.answers = () => 200;
  while (receiver.accepted.length === 0) await world.advance(MINUTE);
  expect(receiver.accepted).toHaveLength(5);
});

describe('a webhook that fails', () => {
  test('is tried again by the schedule, holds up its own aggregate alone, and is given up in the end', async () => {
    const { receiver, id } = await world.receive();
    receiver.answers = ({ event }) => (event.subject === 'bad' && event.aggregateversion === 1 ? 500 : 204);
    await world.small.write('bad');
    await world.small.write('bad');
    await world.small.write('good');
    await world.settled();
    expect(receiver.accepted.map(({ event }) => event.subject)).toEqual(['good']);
    for (const [n, wait] of WAITS_MS.entries()) {
      expect(receiver.received.filter(({ event }) => event.subject === 'bad')).toHaveLength(n + 1);
      // What is due of another aggregate takes nothing along that is not.
      await world.small.write('good');
      await world.advance(wait * 0.85);
      expect(receiver.received.filter(({ event }) => event.subject === 'bad')).toHaveLength(n + 1);
      await world.advance(wait * 0.3);
    }
    const ids = receiver.received.filter(({ event }) => event.subject === 'bad').map((one) => one.id);
    expect(new Set(ids.slice(0, 10)).size).toBe(1);
    const ofBad = async () => (await world.deliveries(id)).filter((one) => one.aggregate_id === 'bad');
    expect(await ofBad()).toMatchObject([
      { status: 'FAILED', attempts: 10, finished_at: expect.any(Date) },
      { status: 'DELIVERED' },
    ]);
    expect(versionsOf(receiver.accepted).get('bad')).toEqual([2]);

    receiver.answers = () => 204;
    const [{ id: failed }] = await world.deliveries(id);
    const again = { deliveryId: failed, ...once() };
    await world.outbound.deliveries.redeliver(again, byOperator, 'ALL');
    await world.settled();
    expect(receiver.accepted.at(-1)!.id).toBe(ids[0]);
    expect(receiver.accepted.at(-1)!.body).toBe(receiver.received[0]!.body);
    // The same request once more sends nothing.
    await world.outbound.deliveries.redeliver(again, byOperator, 'ALL');
    await world.settled();
    expect(versionsOf(receiver.accepted).get('bad')).toEqual([2, 1]);
  });

  test('though its receiver had handled it comes again under the same id', async () => {
    const { receiver } = await world.receive();
    const handled: string[] = [];
    receiver.answers = ({ id }) => {
      handled.push(id);
      return handled.length === 1 ? 500 : 204;
    };
    await world.small.write('n1');
    await world.settled();
    await world.advance(6000);
    expect(handled).toHaveLength(2);
    expect(handled[0]).toBe(handled[1]);
    expect(receiver.received[0]!.body).toBe(receiver.received[1]!.body);
  });

  test('is not sent twice when it is asked for again while it is under way', async () => {
    const { receiver, id } = await world.receive();
    const open: (() => void)[] = [];
    receiver.answers = (_, response) => void open.push(() => response.writeHead(200).end());
    await world.small.write('n1');
    await until('it is under way', () => open.length === 1);
    const [{ id: deliveryId }] = await world.deliveries(id);
    for (let n = 0; n < 2; n++) await world.outbound.deliveries.redeliver({ deliveryId, ...once() }, byOperator, 'ALL');
    open.forEach((answer) => answer());
    await world.settled();
    expect(receiver.received).toHaveLength(1);
    expect(await world.deliveries(id)).toMatchObject([{ status: 'DELIVERED' }]);
  });

  test('with a wish to be left alone is sent when the receiver asked for it, as often as it takes', async () => {
    const { receiver, id } = await world.receive();
    let refusals = 0;
    receiver.answers = (_, response) => {
      if (refusals++ < 15) response.writeHead(429, { 'retry-after': '120' }).end('slowly, please');
      else return 200;
    };
    await world.small.write('n1');
    await world.small.write('n2');
    await world.settled();
    for (let n = 0; n < 20; n++) {
      const before = receiver.received.length;
      await world.advance(119_000);
      expect(receiver.received).toHaveLength(before);
      await world.advance(2000);
    }
    expect(new Set(receiver.accepted.map(({ event }) => event.subject))).toEqual(new Set(['n1', 'n2']));
    expect(await world.deliveries(id)).toMatchObject(Array(2).fill({ status: 'DELIVERED', attempts: 0 }));
    expect(await world.query(`select answer from small.outbound_attempt where status_code = 429 limit 1`)).toEqual([
      { answer: 'slowly, please' },
    ]);
  });

  test('with such wishes for ever is given up in the end, though its receiver takes others', async () => {
    const { receiver, id } = await world.receive();
    receiver.answers = ({ event }, response) =>
      event.subject === 'good' ? 204 : void response.writeHead(503, { 'retry-after': '1' }).end();
    await world.small.write('bad');
    await world.settled();
    // As if it had been tried so often.
    await world.query(
      `insert into small.outbound_attempt (delivery_id, number, at, duration_ms) select id, $1, now(), 1 from small.outbound_delivery`,
      [MAX_PAUSES],
    );
    await world.advance(2000);
    expect(await world.deliveries(id)).toMatchObject([{ status: 'WAITING', attempts: 1 }]);
    for (const wait of WAITS_MS) {
      await world.small.write('good');
      await world.advance(wait * 1.2);
    }
    expect(await world.deliveries(id)).toMatchObject([
      { status: 'FAILED', attempts: 10 },
      ...Array(9).fill({ status: 'DELIVERED' }),
    ]);
    expect(await world.endpointOf(id)).toMatchObject({ status: 'ENABLED' });
  });

  test.each([
    ['a redirect', 302, /redirect/],
    ['a client error', 404, null],
  ])('because of %s has that in its attempts, and no other address is asked', async (_, status, error) => {
    const elsewhere = await world.open();
    const { receiver } = await world.receive();
    receiver.answers = (_one, response) =>
      void response.writeHead(status, { location: elsewhere.url }).end(`x\0${'y'.repeat(10_000)}`);
    await world.small.write('n1');
    await world.settled();
    const [attempt] = await world.query('select * from small.outbound_attempt');
    expect(attempt).toMatchObject({ status_code: status, number: 1 });
    if (error) expect(attempt.error).toMatch(error);
    expect(attempt.answer).toHaveLength(500);
    expect(elsewhere.received).toEqual([]);
  });

  test('has its last attempts kept, and no more', async () => {
    const { receiver } = await world.receive();
    receiver.answers = (_, response) => void response.writeHead(503, { 'retry-after': '1' }).end();
    await world.small.write('n1');
    await world.settled();
    for (let n = 0; n < MAX_ATTEMPTS_KEPT + 3; n++) await world.advance(2000);
    const rows = await world.query('select number from small.outbound_attempt order by number');
    expect(rows).toHaveLength(MAX_ATTEMPTS_KEPT);
    expect(rows.at(-1)!.number).toBe(receiver.received.length);
  });
});

test('a sender with nothing to do asks the database nothing', async () => {
  const counted = countStatements();
  const { receiver } = await world.receive();
  receiver.answers = () => 500;
  await world.small.write('n1');
  await world.settled();
  const isQuiet = async (): Promise<boolean> => {
    counted.reset();
    await new Promise((resolve) => setTimeout(resolve, 200));
    return !counted.texts.some((text) => text.includes('outbound'));
  };
  await until('it is idle', isQuiet);
  counted.reset();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(counted.texts.filter((text) => text.includes('outbound'))).toEqual([]);
  counted.stop();
});
