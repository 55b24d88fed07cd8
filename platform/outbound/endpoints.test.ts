import { describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { meetingChange } from '../../tests/support/meeting-change.ts';
import { smallSecrets } from '../../tests/support/outbound-fixture.ts';
import { byOperator, DAY, HOUR, MINUTE, once, outboundWorld } from '../../tests/support/outbound-world.ts';
import { until } from '../../tests/support/until.ts';
import type { Received } from '../../tests/support/webhook-receiver.ts';
import { secretsWith } from '../secrets/secrets.ts';
import { WAITS_MS } from './schedule.ts';
import { sealedFor } from './secrets.ts';

const world = outboundWorld();

const published = () => world.query(`select payload from platform.event_log where type = 'small.endpoint_disabled'`);

describe('an endpoint', () => {
  test('whose receiver answers 410 is disabled, which is published; it goes on once it is enabled', async () => {
    const { receiver, id } = await world.receive();
    receiver.answers = () => 410;
    await world.small.write('n1');
    await until('it is disabled', async () => (await world.endpointOf(id)).status === 'DISABLED');
    await world.small.write('n2');
    await world.settled();
    await world.advance(DAY);
    expect(receiver.received).toHaveLength(1);
    expect(await world.endpointOf(id)).toMatchObject({ disabled_reason: 'GONE', version: 2 });
    expect(await published()).toEqual([
      { payload: { endpointId: id, merchantId: null, reason: 'GONE', disabledAt: expect.any(String) } },
    ]);
    receiver.answers = () => 200;
    await world.outbound.endpoints.setEnabled(id, true, byOperator, 'ALL');
    await world.settled();
    expect(receiver.accepted.map(({ event }) => event.subject)).toEqual(['n1']);
  });

  test.each(['enabled again', 'given another address'])(
    'that is %s has all that waits sent at once, whenever its next attempt would be',
    async (what) => {
      const [{ receiver, id }, other] = [await world.receive(), await world.open()];
      receiver.answers = () => 500;
      await world.small.write('n1');
      await world.settled();
      for (const wait of WAITS_MS.slice(0, 5)) await world.advance(wait * 1.2);
      const { endpoints } = world.outbound;
      if (what === 'enabled again') {
        await endpoints.setEnabled(id, false, byOperator, 'ALL');
        receiver.answers = () => 204;
        await endpoints.setEnabled(id, true, byOperator, 'ALL');
      } else {
        const { version: expectedVersion } = await world.endpointOf(id);
        await endpoints.update({ id, expectedVersion, url: other.url }, byOperator, 'ALL');
      }
      await world.settled();
      expect([...receiver.accepted, ...other.accepted].map(({ event }) => event.subject)).toEqual(['n1']);
    },
  );

  test('that fails for five days without a success is disabled, and one that succeeds now and then is not', async () => {
    const [bad, fair] = [await world.receive(), await world.receive()];
    bad.receiver.answers = () => 500;
    for (let hour = 0; hour < 126; hour += 3) {
      fair.receiver.answers = () => (hour % 12 === 0 ? 200 : 500);
      if (hour % 12 === 0) await world.small.write(`n${hour}`);
      await world.advance(3 * HOUR);
    }
    await until('it is disabled', async () => (await world.endpointOf(bad.id)).status === 'DISABLED');
    expect(await world.endpointOf(bad.id)).toMatchObject({ disabled_reason: 'FAILING' });
    expect(await world.endpointOf(fair.id)).toMatchObject({ status: 'ENABLED' });
    expect(await published()).toHaveLength(1);
  });

  test('that fails once, long after it refused one webhook for good, is not disabled', async () => {
    const { receiver, id } = await world.receive();
    receiver.answers = () => 400;
    await world.small.write('bad');
    await world.settled();
    for (const wait of WAITS_MS) await world.advance(wait * 1.2);
    expect(await world.deliveries(id)).toMatchObject([{ status: 'FAILED' }]);
    await world.advance(10 * DAY);
    let came = 0;
    receiver.answers = () => (came++ === 0 ? 503 : 204);
    await world.small.write('good');
    await world.settled();
    await world.advance(6 * MINUTE);
    expect(await world.deliveries(id)).toMatchObject([{ status: 'FAILED' }, { status: 'DELIVERED' }]);
    expect(await world.endpointOf(id)).toMatchObject({ status: 'ENABLED', failing_since: null });
  });

  test('that always asks to be left alone for a while is disabled after five days as well', async () => {
    const { receiver, id } = await world.receive();
    receiver.answers = (_, response) => void response.writeHead(429, { 'retry-after': '3600' }).end();
    await world.small.write('n1');
    for (let hour = 0; hour < 126; hour += 3) await world.advance(3 * HOUR);
    await until('it is disabled', async () => (await world.endpointOf(id)).status === 'DISABLED');
    expect(await world.endpointOf(id)).toMatchObject({ disabled_reason: 'FAILING' });
  });

  test('that hangs takes eight attempts and no more, and holds up no other', async () => {
    const [slow, quick] = [await world.receive(), await world.receive()];
    const open: (() => void)[] = [];
    slow.receiver.answers = (_, response) => void open.push(() => response.writeHead(200).end());
    for (let n = 0; n < 30; n++) await world.small.write(`n${n}`);
    await until('the other one has all', () => quick.receiver.accepted.length === 30);
    await until('its places are taken', () => open.length === 8);
    slow.receiver.answers = () => 200;
    open.forEach((answer) => answer());
    await world.settled();
    expect(slow.receiver.accepted).toHaveLength(30);
    expect(new Set(slow.receiver.received.map(({ id }) => id)).size).toBe(30);
  });

  test('has a secret that is shown once and sealed, and two that sign while it is rotated', async () => {
    const { receiver, id, secret: old } = await world.receive();
    const row = await world.endpointOf(id);
    expect(JSON.stringify(row)).not.toContain(old.slice(6));
    expect(smallSecrets.open(row.secret, sealedFor(id))).toBe(old);

    const rotation = { endpointId: id, overlapHours: 24, ...once() };
    const { secret: next } = await world.outbound.endpoints.rotateSecret(rotation, byOperator, 'ALL');
    expect(next).toMatch(/^whsec_[\w+/]{43}=$/);
    expect(next).not.toBe(old);
    expect((await world.outbound.endpoints.rotateSecret(rotation, byOperator, 'ALL')).secret).toBe(next);
    await world.small.write('n1');
    await world.settled();
    await world.advance(25 * HOUR);
    await world.small.write('n2');
    await world.settled();
    expect((await world.outbound.endpoints.rotateSecret(rotation, byOperator, 'ALL')).secret).toBe(null);
    const byWhom = receiver.received.map(({ headers, body, id: messageId }) =>
      [old, next!].map((secret) => {
        const at = new Date(Number(headers['webhook-timestamp']) * 1000);
        return String(headers['webhook-signature'])
          .split(' ')
          .includes(new Webhook(secret).sign(messageId, at, body));
      }),
    );
    expect(byWhom).toEqual([
      [true, true],
      [false, true],
    ]);
  });

  describe('whose secret does not open', () => {
    const secrets = secretsWith([{ id: 'other', bytes: Buffer.alloc(32, 5) }]);

    test('has attempts that say so and what to do, and that end; a new secret mends it', async () => {
      const { receiver, id } = await world.receive();
      await world.restart({ secrets });
      await world.small.write('n1');
      await world.settled();
      const attempts = () => world.query('select * from small.outbound_attempt order by number');
      const error = expect.stringMatching(/does not open.*SECRET_KEYS.*rotateWebhookSecret/);
      expect(await attempts()).toMatchObject([{ status_code: null, error }]);
      expect(await world.endpointOf(id)).toMatchObject({ failing_since: expect.any(Date) });
      for (const wait of WAITS_MS) await world.advance(wait * 1.2);
      expect(await world.deliveries(id)).toMatchObject([{ status: 'FAILED', attempts: 10 }]);
      expect(receiver.received).toEqual([]);

      const rotation = { endpointId: id, overlapHours: 24, ...once() };
      await world.outbound.endpoints.rotateSecret(rotation, byOperator, 'ALL');
      await world.small.write('n2');
      await world.settled();
      await world.advance(6 * MINUTE);
      const [{ event, headers }] = receiver.accepted as [Received];
      expect([event.subject, String(headers['webhook-signature']).split(' ').length]).toEqual(['n2', 1]);
      await world.runJob('reseal endpoints');
      expect(await world.endpointOf(id)).toMatchObject({ previous_secret: expect.any(String) });
      await world.advance(25 * HOUR);
      await world.runJob('reseal endpoints');
      expect(await world.endpointOf(id)).toMatchObject({ previous_secret: null });
    });

    test('before does not keep its present one from being sealed anew', async () => {
      const { id } = await world.receive();
      await world.restart({ secrets });
      await world.outbound.endpoints.rotateSecret({ endpointId: id, overlapHours: 24, ...once() }, byOperator, 'ALL');
      const young = { id: 'young', bytes: Buffer.alloc(32, 6) };
      await world.restart({ secrets: secretsWith([young, { id: 'other', bytes: Buffer.alloc(32, 5) }]) });
      await world.runJob('reseal endpoints');
      expect(secretsWith([young]).open((await world.endpointOf(id)).secret, sealedFor(id))).toMatch(/^whsec_/);
    });
  });

  test('is made once for a key, and of one owner there are twenty at most', async () => {
    const input = { url: 'http://127.0.0.1:9/', description: '', eventTypes: ['*'], ...once() };
    const first = await world.outbound.endpoints.create(input, null, byOperator);
    expect(await world.outbound.endpoints.create(input, null, byOperator)).toEqual(first);
    world.clock.advance(11 * MINUTE);
    expect(await world.outbound.endpoints.create(input, null, byOperator)).toEqual({ ...first, secret: null });
    for (let n = 1; n < 20; n++) await world.outbound.endpoints.create({ ...input, ...once() }, null, byOperator);
    await expect(world.outbound.endpoints.create({ ...input, ...once() }, null, byOperator)).rejects.toMatchObject({
      code: 'INVALID_STATE',
    });
    const theirs = { ...input, eventTypes: ['shop.opened'], ...once() };
    await expect(world.outbound.endpoints.create(theirs, 'm1', byOperator)).resolves.toMatchObject({
      secret: expect.any(String),
    });
  });

  test('that is deleted receives nothing more, and is forgotten with its deliveries', async () => {
    const { receiver, id } = await world.receive();
    receiver.answers = () => 500;
    await world.small.write('n1');
    await world.settled();
    await world.outbound.endpoints.delete(id, byOperator, 'ALL');
    await world.small.write('n2');
    await world.settled();
    await world.advance(HOUR);
    expect(receiver.received).toHaveLength(1);
    expect(await world.outbound.endpoints.byIds([id], 'ALL')).toEqual([]);
    await expect(world.outbound.endpoints.setEnabled(id, true, byOperator, 'ALL')).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await world.runJob('forget deliveries');
    for (const table of ['endpoint', 'delivery', 'attempt', 'lane'])
      expect([table, await world.query(`select from small.outbound_${table}`)]).toEqual([table, []]);
  });

  test('of another owner is not found, and is not changed by one who saw an older version', async () => {
    const { id } = await world.receive(['shop.*'], 'm1');
    const change = { id, expectedVersion: 1, description: 'changed' };
    await expect(world.outbound.endpoints.update(change, byOperator, [{ merchantId: 'm2' }])).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await world.outbound.endpoints.update(change, byOperator, [{ merchantId: 'm1' }]);
    await expect(world.outbound.endpoints.update(change, byOperator, 'ALL')).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
    });
    await expect(
      world.outbound.endpoints.update({ ...change, expectedVersion: 2, url: 'http://10.0.0.1/' }, byOperator, 'ALL'),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(await world.endpointOf(id)).toMatchObject({ description: 'changed', version: 2 });
  });
});

test('a test webhook is sent once for a key, and waits for no other', async () => {
  const { receiver, id } = await world.receive();
  const input = { endpointId: id, ...once() };
  const delivery = await world.outbound.endpoints.sendTest(input, byOperator, 'ALL');
  expect(await world.outbound.endpoints.sendTest(input, byOperator, 'ALL')).toBe(delivery);
  await world.settled();
  expect(receiver.accepted.map(({ event }) => [event.type, event.subject, event.cursor])).toEqual([
    ['webhook.test', id, undefined],
  ]);
});

test('deliveries are kept for thirty days', async () => {
  const { id } = await world.receive();
  await world.small.write('n1');
  await world.settled();
  world.clock.advance(29 * DAY);
  await world.small.write('n2');
  await world.settled();
  await world.runJob('forget deliveries');
  expect(await world.deliveries(id)).toHaveLength(2);
  world.clock.advance(2 * DAY);
  await world.runJob('forget deliveries');
  expect(await world.deliveries(id)).toMatchObject([{ aggregate_id: 'n2' }]);
});

test('a delivery that is recorded again at the moment when it would be forgotten is kept', async () => {
  const { id } = await world.receive();
  await world.small.write('n1');
  await world.settled();
  world.clock.advance(31 * DAY);
  const again = `update small.outbound_delivery set recorded_at = '${world.clock.now().toISOString()}'`;
  await meetingChange(world.small.database.pool, again, () => world.runJob('forget deliveries'));
  expect(await world.deliveries(id)).toHaveLength(1);
});

test('what is forgotten of a disabled endpoint leaves no lane behind, and what waits keeps its own', async () => {
  const { receiver, id } = await world.receive();
  receiver.answers = () => 500;
  await world.small.write('old');
  await world.settled();
  world.clock.advance(29 * DAY);
  await world.small.write('young');
  await world.settled();
  await world.outbound.endpoints.setEnabled(id, false, byOperator, 'ALL');
  world.clock.advance(2 * DAY);
  await world.runJob('forget deliveries');
  expect(await world.deliveries(id)).toMatchObject([{ aggregate_id: 'young' }]);
  expect(await world.query('select aggregate_id from small.outbound_lane')).toEqual([{ aggregate_id: 'young' }]);
});
