import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Kysely } from 'kysely';
import pg from 'pg';
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { createStore } from '../../../platform/store/store.ts';
import { LogNotifier } from '../../../platform/events/log-notifier.ts';
import { newId } from '../../../platform/ids.ts';
import { openAgents, type TestAgents } from '../../../tests/support/agents.ts';
import { inventoryViolations } from '../../../tests/support/inventory-violations.ts';
import { type Lines, openStock, type Stock, userError } from '../../../tests/support/stock.ts';
import inventory from '../agent.ts';
import type { Tables } from '../entities.ts';
import { take } from './reservation-sql.ts';

let agents: TestAgents;
let stock: Stock;
beforeAll(async () => {
  agents = await openAgents(['product', 'inventory']);
  stock = await openStock(agents);
});
afterEach(async () => {
  expect(await inventoryViolations(agents.kysely)).toEqual([]);
});
afterAll(() => agents.close());

const order = (): string => newId('order');

describe('a reservation', () => {
  test('sets units aside, and the fact is published', async () => {
    const id = await stock.variant(5);
    const reference = order();
    const { reservation, userErrors } = await stock.reserve(reference, [{ variantId: id, quantity: 2 }]);
    expect(userErrors).toEqual([]);
    expect(reservation).toEqual({
      id: expect.stringMatching(/^reservation_/),
      reference,
      status: 'ACTIVE',
      expiresAt: null,
      lines: [{ variantId: id, locationId: stock.at.FIRST, quantity: 2 }],
    });
    expect(await stock.levels(id)).toMatchObject([{ onHand: 5, reserved: 2, available: 3 }]);
    expect((await agents.events('inventory.stock_reserved')).at(-1)).toMatchObject({
      aggregate_id: reservation.id,
      aggregate_version: 1,
      payload: { reservationId: reservation.id, reference, expiresAt: null, lines: reservation.lines },
    });
  });

  test('is taken from several locations where no single one has all', async () => {
    const id = await stock.variant(2);
    await stock.adjust(id, 3, { where: stock.at.SECOND });
    await stock.adjust(id, 4, { where: stock.at.THIRD });
    expect((await stock.reserve(order(), [{ variantId: id, quantity: 4 }])).reservation.lines).toEqual([
      { variantId: id, locationId: stock.at.THIRD, quantity: 4 },
    ]);
    const { lines } = (await stock.reserve(order(), [{ variantId: id, quantity: 4 }])).reservation;
    expect(lines).toHaveLength(2);
    expect(lines).toEqual(
      expect.arrayContaining([
        { variantId: id, locationId: stock.at.FIRST, quantity: 2 },
        { variantId: id, locationId: stock.at.SECOND, quantity: 2 },
      ]),
    );
    expect(await stock.available(id)).toEqual([1]);
  });

  test('is all or nothing', async () => {
    const [some, none] = await stock.variants([5, 1]);
    const reference = order();
    const refused = await stock.reserve(reference, [
      { variantId: some!, quantity: 5 },
      { variantId: none!, quantity: 2 },
    ]);
    expect(refused).toMatchObject({
      reservation: null,
      userErrors: [
        { __typename: 'InsufficientStock', available: 1, variantId: none, path: ['input', 'lines', '1', 'quantity'] },
      ],
    });
    expect(await stock.available(some!, none!)).toEqual([5, 1]);
    expect(
      await agents.kysely.selectFrom('inventory.reservation').selectAll().where('reference', '=', reference).execute(),
    ).toEqual([]);
    // Nothing was written, so the key is free.
    await stock.adjust(none!, 1);
    expect(
      (
        await stock.reserve(reference, [
          { variantId: some!, quantity: 5 },
          { variantId: none!, quantity: 2 },
        ])
      ).userErrors,
    ).toEqual([]);
  });

  test('counts the lines of one variant together', async () => {
    const id = await stock.variant(3);
    expect(
      (
        await stock.reserve(order(), [
          { variantId: id, quantity: 2 },
          { variantId: id, quantity: 2 },
        ])
      ).userErrors,
    ).toEqual([userError('INSUFFICIENT_STOCK', { available: 3 })]);
    expect(
      (
        await stock.reserve(order(), [
          { variantId: id, quantity: 2 },
          { variantId: id, quantity: 1 },
        ])
      ).reservation.lines,
    ).toEqual([{ variantId: id, locationId: stock.at.FIRST, quantity: 3 }]);
  });

  test('of an unknown variant is refused as short', async () => {
    expect((await stock.reserve(order(), [{ variantId: 'variant_none', quantity: 1 }])).userErrors).toEqual([
      userError('INSUFFICIENT_STOCK', { available: 0 }),
    ]);
  });

  test.each([0, -1, 1_000_000_000])('of %i units is refused', async (quantity) => {
    expect((await stock.reserve(order(), [{ variantId: await stock.variant(1), quantity }])).userErrors).toEqual([
      userError('INVALID_INPUT'),
    ]);
  });

  test('is made once per idempotency key, and once per reference', async () => {
    const id = await stock.variant(10);
    const reference = order();
    const lines = [{ variantId: id, quantity: 2 }];
    const answers = await Promise.all(Array.from({ length: 20 }, () => stock.reserve(reference, lines)));
    expect(new Set(answers.map((answer) => answer.reservation.id)).size).toBe(1);
    expect((await stock.reserve(reference, lines, { key: 'another' })).reservation.id).toBe(answers[0].reservation.id);
    expect((await stock.reserve(reference, [{ variantId: id, quantity: 3 }])).userErrors).toEqual([
      userError('IDEMPOTENCY_KEY_REUSED'),
    ]);
    expect((await stock.reserve(reference, [{ variantId: id, quantity: 3 }], { key: 'third' })).userErrors).toEqual([
      userError('INVALID_STATE'),
    ]);
    expect(await stock.available(id)).toEqual([8]);
  });

  test('of the last unit is given to one of fifty', async () => {
    const id = await stock.variant(1);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => stock.reserve(order(), [{ variantId: id, quantity: 1 }])),
    );
    expect(answers.filter((answer) => answer.reservation)).toHaveLength(1);
    const refused = answers.filter((answer) => !answer.reservation);
    expect(refused.map((answer) => answer.userErrors)).toEqual(
      Array(49).fill([userError('INSUFFICIENT_STOCK', { available: 0 })]),
    );
    expect(await stock.levels(id)).toMatchObject([{ onHand: 1, reserved: 1 }]);
  });

  test('takes only free units, even without the locks under which it is decided', async () => {
    const id = await stock.variant(1);
    const lines = [{ variantId: id, locationId: stock.at.FIRST, quantity: 1 }];
    const attempt = () =>
      agents.kysely.transaction().execute(async (transaction) => {
        const reservation = {
          id: newId('reservation'),
          reference: order(),
          expiresAt: null,
          decisionId: null,
          now: agents.clock.now(),
          lines,
        };
        const taken = await take(transaction as unknown as Kysely<Tables>, reservation);
        if (taken !== 1) throw new Error(`took ${taken}`);
      });
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, attempt));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.map(({ reason }) => reason.message)).toEqual(Array(9).fill('took 0'));
    expect(await stock.levels(id)).toMatchObject([{ onHand: 1, reserved: 1 }]);
  });

  test('is not served by a closed location', async () => {
    const { location } = await stock.createLocation({ code: 'CLOSING', name: 'Closing' });
    const id = await stock.variant();
    await stock.adjust(id, 5, { where: location.id });
    expect(await stock.available(id)).toEqual([5]);
    const closed = await stock.updateLocation({ id: location.id, expectedVersion: 1, active: false });
    expect(closed).toEqual({ location: { active: false, version: 2 }, userErrors: [] });
    expect(await stock.available(id)).toEqual([0]);
    expect((await stock.reserve(order(), [{ variantId: id, quantity: 1 }])).userErrors).toEqual([
      userError('INSUFFICIENT_STOCK'),
    ]);
  });

  test('costs the same few statements however many lines it has', async () => {
    const ids = await stock.variants(Array(20).fill(1));
    const count = async (lines: Lines): Promise<number> => {
      const spy = jest.spyOn(pg.Client.prototype, 'query');
      expect((await stock.reserve(order(), lines, { briefly: true })).userErrors).toEqual([]);
      const statements = spy.mock.calls.length;
      spy.mockRestore();
      return statements;
    };
    // BEGIN, locks, key, standing, take, outcome with event, COMMIT.
    expect(await count([{ variantId: ids[0]!, quantity: 1 }])).toBe(7);
    expect(await count(ids.slice(1).map((variantId) => ({ variantId, quantity: 1 })))).toBe(7);
  });
});

describe('a release', () => {
  test('gives everything back, once', async () => {
    const id = await stock.variant(5);
    const reference = order();
    const { reservation } = await stock.reserve(reference, [{ variantId: id, quantity: 5 }]);
    expect(await stock.release(reference)).toEqual({ released: true, userErrors: [] });
    expect(await stock.release(reference)).toEqual({ released: true, userErrors: [] }); // The same key: the same answer.
    expect(await stock.release(reference, 'again')).toEqual({ released: false, userErrors: [] });
    expect(await stock.available(id)).toEqual([5]);
    const events = (await agents.events('inventory.reservation_released')).filter(
      ({ aggregate_id }) => aggregate_id === reservation.id,
    );
    expect(events).toEqual([
      expect.objectContaining({
        aggregate_version: 2,
        payload: { reservationId: reservation.id, reference, reason: 'RELEASED', lines: reservation.lines },
      }),
    ]);
    expect((await stock.reserve(reference, [{ variantId: id, quantity: 5 }], { key: 'late' })).userErrors).toEqual([
      userError('RESERVATION_RELEASED'),
    ]);
  });

  test('that comes first makes a later reservation be refused', async () => {
    const id = await stock.variant(5);
    const reference = order();
    expect(await stock.release(reference)).toEqual({ released: false, userErrors: [] });
    expect((await stock.reserve(reference, [{ variantId: id, quantity: 1 }])).userErrors).toEqual([
      userError('RESERVATION_RELEASED', { path: ['input', 'reference'] }),
    ]);
    expect(await stock.available(id)).toEqual([5]);
  });
});

describe('a reservation with an end', () => {
  /** The agent's own scheduled job, on the same database and the same clock. */
  const expire = async (): Promise<void> => {
    const { kysely, clock } = agents;
    const store = createStore({
      agent: 'inventory',
      kysely,
      notifier: new LogNotifier(),
    });
    const { scheduledJobs } = inventory.build({ store, clock } as unknown as AgentContext);
    await scheduledJobs!.find(({ name }) => name === 'expire-reservations')!.run(new AbortController().signal, kysely);
  };

  test('is given back when its time is up, not before, and one without an end never', async () => {
    const [id, other] = await stock.variants([5, 5]);
    const reference = order();
    const { reservation } = await stock.reserve(reference, [{ variantId: id!, quantity: 2 }], { expiresInSeconds: 60 });
    await stock.reserve(
      order(),
      [
        { variantId: id!, quantity: 1 },
        { variantId: other!, quantity: 1 },
      ],
      { expiresInSeconds: 60 },
    );
    await stock.reserve(order(), [{ variantId: id!, quantity: 1 }]);
    expect(new Date(reservation.expiresAt).getTime()).toBe(agents.clock.now().getTime() + 60_000);
    agents.clock.advance(59_999);
    await expire();
    expect(await stock.available(id!, other!)).toEqual([1, 4]);
    agents.clock.advance(1);
    await expire();
    expect(await stock.available(id!, other!)).toEqual([4, 5]);
    const events = (await agents.events('inventory.reservation_released')).filter(
      ({ aggregate_id }) => aggregate_id === reservation.id,
    );
    expect(events.map(({ payload }) => payload.reason)).toEqual(['EXPIRED']);
    expect(await stock.release(reference)).toEqual({ released: false, userErrors: [] });
  });
});
