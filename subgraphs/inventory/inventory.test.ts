import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { sql } from 'kysely';
import pg from 'pg';
import { ANONYMOUS } from '../../platform/identity/actor.ts';
import { newId } from '../../platform/ids.ts';
import { actor, admin, openAgents, operator, type TestAgents, viewer } from '../../tests/support/agents.ts';
import { inventoryViolations } from '../../tests/support/inventory-violations.ts';
import { merchant, openStock, rival, type Stock, userError } from '../../tests/support/stock.ts';

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

describe('a correction of stock', () => {
  test('changes the level, adds to the ledger, and is published', async () => {
    const id = await stock.variant();
    expect(await stock.adjust(id, 5)).toMatchObject({
      stockLevel: { onHand: 5, reserved: 0, available: 5, variant: { id } },
      userErrors: [],
    });
    expect(await stock.adjust(id, -2, { reason: 'broken' })).toMatchObject({ stockLevel: { onHand: 3 } });
    const shown = 'nodes { delta type reason actorId location { code } } totalCount';
    const movements = await agents.query('movements', { filter: { variantId: id } }, shown, viewer);
    expect(movements).toEqual({
      nodes: expect.arrayContaining([
        { delta: 5, type: 'ADJUSTMENT', reason: 'counted', actorId: admin.id, location: { code: 'FIRST' } },
        { delta: -2, type: 'ADJUSTMENT', reason: 'broken', actorId: admin.id, location: { code: 'FIRST' } },
      ]),
      totalCount: 2,
    });
    const events = (await agents.events('inventory.changed')).filter(({ payload }) => payload.variantId === id);
    expect(events.map(({ payload }) => [payload.oldQuantity, payload.newQuantity, payload.changeType])).toEqual([
      [0, 5, 'ADJUSTMENT'],
      [5, 3, 'ADJUSTMENT'],
    ]);
    expect(events[1]!.aggregate_version).toBeGreaterThan(events[0]!.aggregate_version);
    expect(events[0]!.payload.productId).toMatch(/^product_/);
  });

  test('with the same idempotency key happens once; another request with that key is refused', async () => {
    const id = await stock.variant();
    const key = newId('key');
    const answers = await Promise.all(Array.from({ length: 10 }, () => stock.adjust(id, 5, { key })));
    expect(answers.map((answer) => answer.stockLevel.onHand)).toEqual(Array(10).fill(5));
    expect((await stock.adjust(id, 6, { key })).userErrors).toEqual([userError('IDEMPOTENCY_KEY_REUSED')]);
    expect(await stock.available(id)).toEqual([5]);
  });

  test('may be made by an API key with inventory:write alone, also of a draft', async () => {
    const id = await stock.variant();
    const key = actor({ roles: [], scopes: ['inventory:write'] });
    expect(await stock.adjust(id, 5, { as: key })).toMatchObject({ stockLevel: { onHand: 5 } });
  });

  test('cannot take away what is reserved', async () => {
    const id = await stock.variant(5);
    await stock.reserve(order(), [{ variantId: id, quantity: 3 }]);
    const refused = await stock.adjust(id, -3);
    expect(refused).toMatchObject({
      stockLevel: null,
      userErrors: [
        {
          __typename: 'InsufficientStock',
          code: 'INSUFFICIENT_STOCK',
          available: 2,
          variantId: id,
          path: ['input', 'delta'],
        },
      ],
    });
    expect(refused.userErrors[0].message).toContain('3 are reserved');
    expect((await stock.adjust(id, -2)).stockLevel).toMatchObject({ onHand: 3, reserved: 3, available: 0 });
  });

  test.each([0, 1_000_001, -1_000_001])('by %i is refused', async (delta) => {
    expect((await stock.adjust(await stock.variant(), delta)).userErrors).toEqual([
      userError('INVALID_INPUT', { path: ['input', 'delta'] }),
    ]);
  });

  test('of an unknown variant or at an unknown location is refused, and writes nothing', async () => {
    expect((await stock.adjust('variant_none', 1)).userErrors).toEqual([
      userError('NOT_FOUND', { path: ['input', 'variantId'] }),
    ]);
    const id = await stock.variant();
    expect((await stock.adjust(id, 1, { where: 'location_none' })).userErrors).toEqual([
      userError('NOT_FOUND', { path: ['input', 'locationId'] }),
    ]);
    expect(await stock.levels(id)).toEqual([]);
  });

  test.each(['', '\u200b', 'a\u0000b', 'a\ud800b', 'x'.repeat(201)])(
    'with an invalid reason is refused: %#',
    async (reason) => {
      const id = await stock.variant();
      expect((await stock.adjust(id, 1, { reason })).userErrors).toEqual([
        userError('INVALID_INPUT', { path: ['input', 'reason'] }),
      ]);
      expect(await stock.levels(id)).toEqual([]);
    },
  );

  test('is open to the merchant of the variant, and to no other', async () => {
    const id = await stock.variant();
    expect((await stock.adjust(id, 1, { as: rival })).userErrors).toEqual([userError('NOT_FOUND')]);
    expect((await stock.adjust(id, 4, { as: merchant })).userErrors).toEqual([]);
    expect((await stock.adjust(id, 1, { as: rival })).userErrors).toEqual([userError('NOT_FOUND')]);
    expect((await stock.transfer(id, 1, { as: rival })).userErrors).toEqual([userError('NOT_FOUND')]);
    expect(await stock.levels(id, rival)).toEqual([]);
    expect(await stock.levels(id, merchant)).toMatchObject([{ onHand: 4 }]);
    const seenBy = async (as: typeof merchant) =>
      (await agents.query('movements', { filter: { variantId: id } }, 'totalCount', as)).totalCount;
    expect([await seenBy(rival), await seenBy(merchant)]).toEqual([0, 1]);
  });
});

describe('a transfer', () => {
  test('keeps the sum, and both movements have one reference', async () => {
    const id = await stock.variant(10);
    expect(await stock.transfer(id, 4)).toMatchObject({
      from: { onHand: 6 },
      to: { onHand: 4, location: { id: stock.at.SECOND } },
      userErrors: [],
    });
    expect(await stock.available(id)).toEqual([10]);
    const events = (await agents.events('inventory.changed')).filter(
      ({ payload }) => payload.variantId === id && payload.changeType === 'TRANSFER',
    );
    expect(events.map(({ payload }) => [payload.oldQuantity, payload.newQuantity]).sort()).toEqual([
      [0, 4],
      [10, 6],
    ]);
    expect(new Set(events.map(({ payload }) => payload.referenceId)).size).toBe(1);
  });

  test('leaves what is reserved where it is', async () => {
    const id = await stock.variant(10);
    await stock.reserve(order(), [{ variantId: id, quantity: 7 }]);
    expect((await stock.transfer(id, 4)).userErrors).toEqual([
      userError('INSUFFICIENT_STOCK', { available: 3, path: ['input', 'quantity'] }),
    ]);
    expect((await stock.transfer(id, 3)).userErrors).toEqual([]);
  });

  test('to the same location is refused', async () => {
    expect((await stock.transfer(await stock.variant(1), 1, { to: stock.at.FIRST })).userErrors).toEqual([
      userError('INVALID_INPUT'),
    ]);
  });
});

describe('the ledger', () => {
  test.each([
    'update inventory.movement set delta = delta + 1',
    'delete from inventory.movement',
    'truncate inventory.movement',
  ])('refuses "%s"', async (statement) => {
    await stock.variant(1);
    await expect(sql.raw(statement).execute(agents.kysely)).rejects.toThrow('append-only');
  });

  test.each([
    ['no_more_reserved_than_on_hand', { reserved: 2 }],
    ['on_hand_not_negative', { onHand: -1, reserved: -1 }],
    ['reserved_not_negative', { reserved: -1 }],
  ])('is backed by the database constraint %s', async (constraint, values) => {
    const id = await stock.variant(1);
    const update = agents.kysely.updateTable('inventory.stock_level').set(values).where('variantId', '=', id).execute();
    await expect(update).rejects.toMatchObject({ code: '23514', constraint });
  });
});

describe('availability', () => {
  test('of any number of variants costs one statement, and of an unknown one is 0', async () => {
    const [two, none] = await stock.variants([2, 0]);
    const representations = [two, none, 'variant_none'].map((id) => ({ __typename: 'ProductVariant', id }));
    const query =
      'query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on ProductVariant { availability { available isInStock } } } }';
    const spy = jest.spyOn(pg.Client.prototype, 'query');
    const data = await agents.data('inventory', query, { representations }, ANONYMOUS);
    const statements = spy.mock.calls.length;
    spy.mockRestore();
    expect(data._entities).toEqual(
      [2, 0, 0].map((units) => ({ availability: { available: units, isInStock: units > 0 } })),
    );
    expect(statements).toBe(1);
  });
});

describe('a location', () => {
  test('is added by staff, under a code of its own', async () => {
    const added = await stock.createLocation({ code: 'NEW-1', name: 'New' }, operator);
    expect(added).toMatchObject({
      location: { code: 'NEW-1', kind: 'WAREHOUSE', active: true, version: 1 },
      userErrors: [],
    });
    const twice = await stock.createLocation({ code: 'NEW-1', name: 'Newer' }, operator);
    expect(twice).toMatchObject({
      location: null,
      userErrors: [{ code: 'LOCATION_CODE_TAKEN', path: ['input', 'code'] }],
    });
  });

  test.each([
    ['code', { code: 'lower', name: 'N' }],
    ['code', { code: 'A', name: 'N' }],
    ['code', { code: 'A'.repeat(21), name: 'N' }],
    ['name', { code: 'OK-1', name: ' ' }],
    ['name', { code: 'OK-1', name: '\u200b\u202e' }],
    ['name', { code: 'OK-1', name: 'a\u0000b' }],
    ['city', { code: 'OK-1', name: 'N', city: 'a\ud800b' }],
    ['priority', { code: 'OK-1', name: 'N', priority: -1 }],
  ])('with an unacceptable %s is refused', async (field, input) => {
    expect((await stock.createLocation(input)).userErrors).toEqual([
      userError('INVALID_INPUT', { path: ['input', field] }),
    ]);
  });

  test('is changed at the expected version only (optimistic lock)', async () => {
    const { location } = await stock.createLocation({ code: 'NEW-2', name: 'New' });
    expect((await stock.updateLocation({ id: location.id, expectedVersion: 1, priority: 5 })).location).toMatchObject({
      version: 2,
    });
    const late = await stock.updateLocation({ id: location.id, expectedVersion: 1, priority: 6 });
    expect(late.userErrors).toEqual([userError('VERSION_CONFLICT')]);
  });

  test('keeps its version when a change changes nothing', async () => {
    const { location } = await stock.createLocation({ code: 'NEW-3', name: 'New', priority: 5 });
    const same = await stock.updateLocation({ id: location.id, expectedVersion: 1, priority: 5, name: 'New' });
    expect(same).toMatchObject({ location: { version: 1 }, userErrors: [] });
    const closed = await stock.updateLocation({ id: location.id, expectedVersion: 1, priority: 5, active: false });
    expect(closed.location).toMatchObject({ active: false, version: 2 });
  });

  test.each(['a\u0000b', 'x\ud800y', '\u200b'])('is not renamed to %j, and stays as it was', async (name) => {
    const code = `N-${newId('n').slice(-9).toUpperCase()}`;
    const { location } = await stock.createLocation({ code, name: 'Old' });
    const refused = await stock.updateLocation({ id: location.id, expectedVersion: 1, name });
    expect(refused.userErrors).toEqual([userError('INVALID_INPUT', { path: ['input', 'name'] })]);
    const kept = agents.kysely
      .selectFrom('inventory.location')
      .select(['name', 'version'])
      .where('id', '=', location.id);
    expect(await kept.execute()).toEqual([{ name: 'Old', version: 1 }]);
  });

  test('belongs to the house: a merchant may not add or change one, and the message says what that needs', async () => {
    const { location } = await stock.createLocation({ code: 'HOUSE', name: 'House' });
    const rows = () => agents.kysely.selectFrom('inventory.location').selectAll().orderBy('id').execute();
    const before = await rows();
    for (const [field, input] of [
      ['createLocation', { code: 'MINE', name: 'Mine', city: 'Ghent', country: 'BE' }],
      ['updateLocation', { id: location.id, expectedVersion: 1, name: 'Mine' }],
    ] as const)
      await expect(agents.mutate(field, input, 'location { id }', merchant)).rejects.toMatchObject({
        code: 'FORBIDDEN',
        message: expect.stringMatching(/inventory:read/),
      });
    expect(await rows()).toEqual(before);
  });
});
