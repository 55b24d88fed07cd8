import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  byOperator,
  MINUTE,
  once,
  openOutboundWorld,
  type OutboundWorld,
  upTo,
  versionsOf,
} from '../../tests/support/outbound-world.ts';
import { until, untilAnswer } from '../../tests/support/until.ts';
import type { Receiver } from '../../tests/support/webhook-receiver.ts';

let world: OutboundWorld;
beforeAll(async () => {
  world = await openOutboundWorld();
});
afterAll(() => world?.close());
beforeEach(() => world.reset());
afterEach(() => world.stop());

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
    await writeAll(5, 45);
    await world.settled();
    expect(receiver.accepted).toHaveLength(225);
    const before = receiver.accepted.splice(0);
    const from = before.findIndex(({ event }) => event.subject === 'n0' && event.aggregateversion === 3);
    await world.outbound.endpoints.replay(
      { endpointId: id, after: before[from]!.event.cursor, ...once() },
      byOperator,
      'ALL',
    );
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
      const last = subject === 'n0' ? 46 : 45;
      expect(versions).toEqual(upTo(last).slice(last - versions.length));
    }
    expect(await world.endpointOf(id)).toMatchObject({ replay_after: null });
  });

  test('of what still waits keeps the order, and misses nothing that is written meanwhile', async () => {
    const { receiver, id } = await world.receive(['note.*']);
    receiver.answers = () => 500;
    await writeAll(3, 20);
    await world.settled();
    receiver.answers = () => 200;
    const writing = writeAll(3, 20);
    await world.outbound.endpoints.replay({ endpointId: id, since: new Date(0), ...once() }, byOperator, 'ALL');
    await writing;
    for (let n = 0; n < 8; n++) await world.advance(MINUTE);
    for (const versions of versionsOf(receiver.accepted).values()) expect(versions).toEqual(upTo(40));
  });

  test('is sent as soon as it is recorded, without the sender being woken by anything else', async () => {
    const { receiver, id } = await world.receive();
    await world.small.write('n1');
    await world.settled();
    receiver.accepted.splice(0);
    await world.outbound.endpoints.replay({ endpointId: id, since: new Date(0), ...once() }, byOperator, 'ALL');
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
    await writeAll(5, 45);
    await world.settled();
    await world.outbound.endpoints.replay({ endpointId: id, since: new Date(0), ...once() }, byOperator, 'ALL');
    await world.outbound.endpoints.setEnabled(id, false, byOperator, 'ALL');
    receiver.answers = () => 200;
    await world.outbound.endpoints.setEnabled(id, true, byOperator, 'ALL');
    for (let n = 0; n < 8; n++) await world.advance(MINUTE);
    expect([...versionsOf(receiver.accepted).values()]).toEqual(Array.from({ length: 5 }, () => upTo(45)));
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
    const since = new Date(0);
    try {
      await world.outbound.endpoints.replay({ endpointId: replaying.id, since, ...once() }, byOperator, 'ALL');
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
    await expect(
      world.outbound.endpoints.replay({ endpointId: id, since: new Date(0), ...once() }, byOperator, 'ALL'),
    ).rejects.toMatchObject({ code: 'INVALID_STATE' });
    await world.outbound.endpoints.setEnabled(id, true, byOperator, 'ALL');
    await world.outbound.endpoints.replay({ endpointId: id, since: new Date(0), ...once() }, byOperator, 'ALL');
    await world.settled();
    expect(receiver.accepted.map(({ event }) => event.subject)).toEqual(['n1']);
  });

  test.each([
    [{}, 'Give the place'],
    [{ after: 'x', since: new Date() }, 'Give the place'],
    [{ after: 'x' }, 'not a cursor'],
    [{ after: '00000000.1.1' }, 'older than the log'],
  ])('from %j is refused', async (from, message) => {
    const { id } = await world.receive();
    await expect(
      world.outbound.endpoints.replay({ endpointId: id, ...from, ...once() }, byOperator, 'ALL'),
    ).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining(message),
    });
  });
});
