/** How reservations are spread over locations, as it is recorded: the records, their replay, and what people say of them. */
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { newId } from '../../../platform/ids.ts';
import type { Actor } from '../../../platform/identity/actor.ts';
import { openAgents, operator, service, type TestAgents } from '../../../tests/support/agents.ts';
import { inventoryViolations } from '../../../tests/support/inventory-violations.ts';
import { openStock, type Stock, userError } from '../../../tests/support/stock.ts';
import { spread } from './domain.ts';
import { spreadPolicy } from './spread-policy.ts';

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

const DECISION = `id policy policyVersion subjectId source choice reasons weighed inputs decidedBy
  alternatives { choice score reasons } outcomes { outcome occurredAt } reviewOf
  reviews { source choice reasons decidedBy } replay { result choice reason }`;
const order = (): string => newId('order');

const decisionsOf = async (subjectId: string, as?: Actor): Promise<any[]> =>
  (await agents.query('inventoryDecisions', { filter: { subjectId } }, `nodes { ${DECISION} } totalCount`, as)).nodes;

/** A variant with these units at the first, the second and the third location. */
async function variantWith(units: readonly number[]): Promise<string> {
  const id = await stock.variant();
  const places = [stock.at.FIRST, stock.at.SECOND, stock.at.THIRD];
  for (const [n, delta] of units.entries()) if (delta > 0) await stock.adjust(id, delta, { where: places[n] });
  return id;
}

/** A reservation of so many units of a variant that lies at two locations, either of which has them. */
async function reservedOf(quantity: number, options: { expiresInSeconds?: number } = {}) {
  const variantId = await variantWith([5, 5]);
  const reference = order();
  await stock.reserve(reference, [{ variantId, quantity }], options);
  return { variantId, reference };
}

const review = (input: Record<string, unknown>, as: Actor = operator): Promise<any> =>
  agents.mutate(
    'reviewInventoryDecision',
    { reason: 'The other one is nearer.', idempotencyKey: newId('key'), ...input },
    `decision { ${DECISION} } userErrors { code path }`,
    as,
  );

describe('the spread of a reservation over locations', () => {
  test('is recorded with what it was decided on, and leads to what is reserved', async () => {
    const variantId = await variantWith([3, 4, 9]);
    const reference = order();
    const { reservation } = await stock.reserve(reference, [{ variantId, quantity: 4 }]);
    expect(reservation.lines).toEqual([{ variantId, locationId: stock.at.SECOND, quantity: 4 }]);
    const [decision] = await decisionsOf(reference);
    expect(decision).toMatchObject({
      policy: 'inventory.spread',
      policyVersion: 1,
      subjectId: reference,
      source: 'POLICY',
      choice: stock.at.SECOND,
      weighed: 3,
      alternatives: [
        { choice: stock.at.SECOND, score: -1002 },
        { choice: stock.at.THIRD, score: -1003 },
        { choice: `${stock.at.FIRST} + ${stock.at.SECOND}`, score: -2002.5 },
      ],
      inputs: {
        wanted: { [variantId]: 4 },
        locations: {
          [stock.at.FIRST]: { priority: 0, free: { [variantId]: 3 } },
          [stock.at.SECOND]: { priority: 1, free: { [variantId]: 4 } },
          [stock.at.THIRD]: { priority: 2, free: { [variantId]: 9 } },
        },
      },
      decidedBy: service.id,
      outcomes: [],
      reviews: [],
      reviewOf: null,
      replay: { result: 'SAME', choice: stock.at.SECOND, reason: null },
    });
  });

  test('is told with the reservation', async () => {
    const variantId = await variantWith([5, 5]);
    const input = { reference: order(), lines: [{ variantId, quantity: 1 }], idempotencyKey: newId('key') };
    const asked = 'reservation { decision { choice weighed } }';
    const { reservation } = await agents.mutate('reserveStock', input, asked, service);
    expect(reservation.decision).toEqual({ choice: stock.at.FIRST, weighed: 2 });
  });

  test('is no decision where there is one location, and costs nothing there', async () => {
    const single = await variantWith([0, 9]);
    const several = await variantWith([5, 5]);
    const count = async (variantId: string) => {
      const reference = order();
      const spy = jest.spyOn(pg.Client.prototype, 'query');
      expect((await stock.reserve(reference, [{ variantId, quantity: 2 }], { briefly: true })).userErrors).toEqual([]);
      const reserving = spy.mock.calls.length;
      await stock.release(reference);
      const releasing = spy.mock.calls.length - reserving;
      spy.mockRestore();
      return { reserving, releasing, decisions: (await decisionsOf(reference)).length };
    };
    const without = await count(single);
    expect(without).toMatchObject({ reserving: 7, decisions: 0 });
    expect(await count(several)).toEqual({ reserving: 8, releasing: without.releasing + 1, decisions: 1 });
  });

  test('of a reservation that is refused is not recorded', async () => {
    const variantId = await variantWith([1, 1]);
    const reference = order();
    expect((await stock.reserve(reference, [{ variantId, quantity: 3 }])).userErrors).toEqual([
      userError('INSUFFICIENT_STOCK'),
    ]);
    expect(await decisionsOf(reference)).toEqual([]);
  });

  test('is recorded once, however often the reservation is asked for', async () => {
    const { variantId, reference } = await reservedOf(2);
    for (const key of ['a', 'a', 'b']) await stock.reserve(reference, [{ variantId, quantity: 2 }], { key });
    expect(await decisionsOf(reference)).toHaveLength(1);
  });
});

test('every record of a random history is decided the same again, and by it the units that are reserved', async () => {
  const variantIds: string[] = [];
  const some = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 3, maxLength: 3 });
  for (const units of fc.sample(some, 6)) variantIds.push(await variantWith(units));
  const lines = fc.uniqueArray(
    fc.record({ variantId: fc.constantFrom(...variantIds), quantity: fc.integer({ min: 1, max: 5 }) }),
    { selector: ({ variantId }) => variantId, minLength: 1, maxLength: 3 },
  );
  const references: string[] = [];
  for (const [n, wanted] of fc.sample(lines, 40).entries()) {
    const reference = order();
    if ((await stock.reserve(reference, wanted)).reservation) references.push(reference);
    if (n % 4 === 0 && references.length > 0) await stock.release(references[n % references.length]!);
  }
  let replayed = 0;
  for (const reference of references) {
    const [decision] = await decisionsOf(reference);
    if (!decision) continue;
    replayed++;
    expect(decision.replay).toEqual({ result: 'SAME', choice: decision.choice, reason: null });
    const rows = await agents.kysely
      .selectFrom('inventory.reservation_line')
      .innerJoin('inventory.reservation', 'inventory.reservation.id', 'reservation_id')
      .select(['variant_id', 'location_id', 'quantity'])
      .where('reference', '=', reference)
      .orderBy('variant_id')
      .orderBy('location_id')
      .execute();
    expect(rows).toEqual(
      spread(spreadPolicy.inputs.parse(decision.inputs)).result.map(({ variantId, locationId, quantity }) => ({
        variant_id: variantId,
        location_id: locationId,
        quantity,
      })),
    );
  }
  expect(replayed).toBeGreaterThan(5);
});

describe('what became of the reservation', () => {
  test('is added to the decision: released', async () => {
    const { reference } = await reservedOf(2);
    await stock.release(reference);
    await stock.release(reference, 'again');
    const [{ outcomes }] = await decisionsOf(reference);
    expect(outcomes).toEqual([{ outcome: 'RELEASED', occurredAt: agents.clock.now().toISOString() }]);
  });

  test('is added to the decision: expired', async () => {
    const { reference } = await reservedOf(2, { expiresInSeconds: 60 });
    agents.clock.advance(60_000);
    await agents.runJob('inventory', 'expire-reservations');
    const [{ outcomes }] = await decisionsOf(reference);
    expect(outcomes).toEqual([{ outcome: 'EXPIRED', occurredAt: agents.clock.now().toISOString() }]);
  });

  test('is released also after its decision was forgotten', async () => {
    const { variantId, reference } = await reservedOf(2);
    agents.clock.advance(91 * 86_400_000);
    await agents.runJob('inventory', 'forget decisions');
    expect(await decisionsOf(reference)).toEqual([]);
    expect(await stock.release(reference)).toEqual({ released: true, userErrors: [] });
    expect(await stock.available(variantId)).toEqual([10]);
  });
});

describe('a person', () => {
  test('says what should have been chosen, beside what was, and no unit moves', async () => {
    const { variantId, reference } = await reservedOf(2);
    const [before] = await decisionsOf(reference);
    const levels = await stock.levels(variantId);
    const { decision, userErrors } = await review({ decisionId: before.id, choice: stock.at.SECOND });
    expect(userErrors).toEqual([]);
    const said = {
      source: 'HUMAN',
      choice: stock.at.SECOND,
      reasons: ['The other one is nearer.'],
      decidedBy: operator.id,
    };
    expect(decision).toEqual({ ...before, reviews: [said] });
    expect(await stock.levels(variantId)).toEqual(levels);
    const [latest, first] = await decisionsOf(reference);
    expect([latest.source, latest.reviewOf, latest.replay.result]).toEqual(['HUMAN', before.id, 'IMPOSSIBLE']);
    expect(first.choice).toBe(stock.at.FIRST);
  });

  test('is refused a choice that was no alternative', async () => {
    const { reference } = await reservedOf(2);
    const [{ id }] = await decisionsOf(reference);
    expect(await review({ decisionId: id, choice: stock.at.THIRD })).toMatchObject({
      decision: null,
      userErrors: [{ code: 'INVALID_INPUT', path: ['input', 'choice'] }],
    });
    expect(await decisionsOf(reference)).toHaveLength(1);
  });
});
