import { describe, expect, test } from '@jest/globals';
import { byOperator, MINUTE, once, outboundWorld, upTo, versionsOf } from '../../tests/support/outbound-world.ts';
import { until, untilAnswer } from '../../tests/support/until.ts';
import { MAX_ATTEMPTS_KEPT } from './outbound-sql.ts';
import type { Receiver } from '../../tests/support/webhook-receiver.ts';

/** A small page, so that few events are several. */
const PAGE = 20;
const world = outboundWorld({ replayPage: PAGE });

/** Writes some aggregates at once, each so many times. */
const writeAll = (aggregates: number, versions: number) =>
  Promise.all(
    Array.from({ length: aggregates }, async (_, n) => {
      for (let version = 0; version < versions; version++) await world.small.write(`n${n}`);
    }),
  );

describe('a replay', () => {
  test('sends again what came after a cursor, under the same ids and in order, and then what is new', async () => {
    const { receiver, id } = await world.receive(['note.*']);
    await writeAll(5, 9);
    await world.settled();
    expect(receiver.accepted).toHaveLength(45);
    const before = receiver.accepted.splice(0);
    const from = before.findIndex(({ event }) => event.subject === 'n0' && event.aggregateversion === 3);
    await world.replay(id, { after: before[from]!.event.cursor });
    await world.small.write('n0');
    await world.settled();
    await world.settled();
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
      const last = subject === 'n0' ? 10 : 9;
      expect(versions).toEqual(upTo(last).slice(last - versions.length));
    }
    expect(await world.endpointOf(id)).toMatchObject({ replay_after: null });
  });

  test('of what still waits keeps the order, and misses nothing that is written meanwhile', async () => {
    const { receiver, id } = await world.receive(['note.*']);
    receiver.answers = () => 500;
    await writeAll(3, 10);
    await world.settled();
    receiver.answers = () => 200;
    const writing = writeAll(3, 10);
    await world.replay(id);
    await writing;
    for (let n = 0; n < 8; n++) await world.advance(MINUTE);
    for (const versions of versionsOf(receiver.accepted).values()) expect(versions).toEqual(upTo(20));
  });

  test('is sent as soon as it is recorded, without the sender being woken by anything else', async () => {
    const { receiver, id } = await world.receive();
    await world.small.write('n1');
    await world.settled();
    receiver.accepted.splice(0);
    await world.replay(id);
    // Less than the half minute after which the sender looks by itself.
    await untilAnswer(
      async () => receiver.accepted.length,
      (came) => came === 1,
      'it has not come again',
      20_000,
    );
  });

  test('loses nothing that waited when its endpoint is disabled meanwhile', async () => {
    const { receiver, id } = await world.receive();
    receiver.answers = () => 500;
    // More than a page, so that the replay is still under way.
    await writeAll(5, 9);
    await world.settled();
    await world.replay(id);
    await world.outbound.endpoints.setEnabled(id, false, byOperator, 'ALL');
    receiver.answers = () => 200;
    await world.outbound.endpoints.setEnabled(id, true, byOperator, 'ALL');
    for (let n = 0; n < 8; n++) await world.advance(MINUTE);
    expect([...versionsOf(receiver.accepted).values()]).toEqual(Array.from({ length: 5 }, () => upTo(9)));
  });

  test('that cannot be read holds up no other endpoint', async () => {
    const [replaying, other] = [await world.receive(), await world.receive()];
    await world.small.write('n1');
    await world.settled();
    await world.query(
      `create function small.broken() returns trigger as $$ begin raise 'broken'; end $$ language plpgsql`,
    );
    await world.query(
      `create trigger broken before update of replay_after on small.outbound_endpoint for each row
       when (new.replay_after is null and old.replay_after is not null) execute function small.broken()`,
    );
    try {
      await world.replay(replaying.id);
      await world.small.write('n2');
      await until('the other has it', () => other.receiver.accepted.length === 2);
    } finally {
      await world.query('drop function small.broken cascade');
    }
    world.outbound.wake();
    await until('the replay went on', () => replaying.receiver.accepted.length === 3);
  });

  test('of an endpoint that was disabled brings what it has missed', async () => {
    const { receiver, id } = await world.receive();
    await world.outbound.endpoints.setEnabled(id, false, byOperator, 'ALL');
    await world.small.write('n1');
    await world.settled();
    await expect(world.replay(id)).rejects.toMatchObject({ code: 'INVALID_STATE' });
    await world.outbound.endpoints.setEnabled(id, true, byOperator, 'ALL');
    await world.replay(id);
    await world.settled();
    expect(receiver.accepted.map(({ event }) => event.subject)).toEqual(['n1']);
  });

  describe('that meets an event that is not what its sender signed', () => {
    const change = (text: string) =>
      world.query(
        `update platform.event_log set payload = jsonb_set(payload, '{text}', to_jsonb($1::text))
          where aggregate_id = 'n1' and aggregate_version = 1`,
        [text],
      );
    const cameWith = ({ accepted }: Receiver) =>
      accepted.map(({ event: { subject, aggregateversion, data } }) => [subject, aggregateversion, data.text]);

    test('goes past it and says so, and sends it once that is put right', async () => {
      for (const [id, text] of [['n1', 'true'], ['n1'], ['n2']] as const) await world.small.write(id, text);
      await world.settled();
      await change('forged');
      const { receiver, id } = await world.receive();
      await world.replay(id);
      await world.settled();
      expect(cameWith(receiver).toSorted()).toEqual([
        ['n1', 2, 'x'],
        ['n2', 1, 'x'],
      ]);
      const [refused] = (await world.deliveries(id)).filter(({ status }) => status === 'FAILED');
      expect(refused).toMatchObject({ aggregate_id: 'n1', body: '', finished_at: expect.any(Date) });
      const attempts = await world.query('select * from small.outbound_attempt where delivery_id = $1', [refused.id]);
      expect(attempts).toMatchObject([{ number: 1, status_code: null, error: expect.stringContaining('not signed') }]);
      const again = { deliveryId: refused.id, ...once() };
      await expect(world.outbound.deliveries.redeliver(again, byOperator, 'ALL')).rejects.toMatchObject({
        code: 'INVALID_STATE',
        message: expect.stringContaining('replayed'),
      });

      await change('true');
      receiver.accepted.splice(0);
      await world.replay(id);
      await world.settled();
      expect(cameWith(receiver).toSorted()).toEqual([
        ['n1', 1, 'true'],
        ['n1', 2, 'x'],
        ['n2', 1, 'x'],
      ]);
    });

    test('keeps no more attempts of it than of any other, however often it is replayed', async () => {
      await world.small.write('n1', 'true');
      await world.settled();
      await change('forged');
      const { id } = await world.receive();
      for (let n = 0; n < MAX_ATTEMPTS_KEPT + 2; n++) {
        await world.replay(id);
        await world.settled();
      }
      const attempts = await world.query('select number from small.outbound_attempt order by number');
      expect(attempts).toHaveLength(MAX_ATTEMPTS_KEPT);
      expect(attempts.at(-1)).toEqual({ number: MAX_ATTEMPTS_KEPT + 2 });
    });

    test('keeps the bytes that were sent before it was changed, which can be sent by hand', async () => {
      const { receiver, id } = await world.receive();
      await world.small.write('n1', 'true');
      await world.settled();
      await change('forged');
      await world.replay(id);
      await world.settled();
      expect(receiver.accepted).toHaveLength(1);
      const [kept] = await world.deliveries(id);
      expect(kept).toMatchObject({ status: 'FAILED', body: receiver.accepted[0]!.body });
      await world.outbound.deliveries.redeliver({ deliveryId: kept.id, ...once() }, byOperator, 'ALL');
      await world.settled();
      expect(cameWith(receiver)).toEqual(Array(2).fill(['n1', 1, 'true']));
    });
  });

  test.each([
    [{}, 'Give the place'],
    [{ after: 'x', since: new Date() }, 'Give the place'],
    [{ after: 'x' }, 'not a cursor'],
    [{ after: '00000000.1.1' }, 'older than the log'],
  ])('from %j is refused', async (from, message) => {
    const { id } = await world.receive();
    await expect(world.replay(id, from)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining(message),
    });
  });
});
