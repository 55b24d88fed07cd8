import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { confine } from '../../db/confine.ts';
import { READER } from '../../db/embedded-postgres/roles.ts';
import { type TestDatabase, testDatabase } from '../../tests/support/database.ts';
import { Actor, type ActorClaims, ANONYMOUS } from '../identity/actor.ts';
import { confinedReads } from './confined-reads.ts';
import { settingOf } from './confined.ts';
import { type Claim, type OwnRows, type OwnTables, ownRows, rowsOf } from './own-rows.ts';
import { matches } from './row-filter.ts';

/** A claim as a room declares it; none of ours does. */
const VENDOR = 'vendorId' as Claim;
const actor = (claims: Partial<ActorClaims>) => new Actor({ id: 'user_1', roles: [], ...claims });

describe('own rows', () => {
  const own: OwnRows = { customerId: 'customerId', id: 'orderId' };

  test("are those with one of the actor's claims, and none without a claim", () => {
    expect(ownRows(own)(actor({ customerId: 'c' }))).toEqual([{ customerId: 'c' }]);
    expect(ownRows(own)(actor({ orderId: 'o' }))).toEqual([{ id: 'o' }]);
    expect(ownRows(own)(actor({ merchantId: 'm' }))).toBe('NONE');
    expect(ownRows(own)(ANONYMOUS)).toBe('NONE');
    expect(ownRows({ id: 'id' })(actor({}))).toEqual([{ id: 'user_1' }]);
  });

  test('of somebody who is a customer and works for a merchant are those of both', () => {
    const both: OwnRows = { customerId: 'customerId', merchantId: 'merchantId' };
    expect(ownRows(both)(actor({ customerId: 'c', merchantId: 'm' }))).toEqual([
      { customerId: 'c' },
      { merchantId: 'm' },
    ]);
  });

  test("of one order's token are that order's alone, also where the token names a customer", () => {
    const guest = actor({ customerId: 'c', merchantId: 'm', orderId: 'o' });
    expect(ownRows(own)(guest)).toEqual([{ id: 'o' }]);
    expect(ownRows({ customerId: 'customerId', orderId: 'orderId' })(guest)).toEqual([{ orderId: 'o' }]);
    expect(ownRows({ id: 'customerId' })(guest)).toBe('NONE');
    expect(ownRows({ id: 'id' })(guest)).toBe('NONE');
    expect(ownRows({ vendorId: VENDOR })(actor({ orderId: 'o', ownerIds: { vendorId: 'v' } }))).toBe('NONE');
  });

  test('by a claim that a room declares are those with its id, and no other claim opens them', () => {
    const both: OwnRows = { customerId: 'customerId', vendorId: VENDOR };
    expect(ownRows(both)(actor({ customerId: 'c', ownerIds: { vendorId: 'v' } }))).toEqual([
      { customerId: 'c' },
      { vendorId: 'v' },
    ]);
    expect(ownRows({ vendorId: VENDOR })(actor({ customerId: 'v', ownerIds: { supplierId: 'v' } }))).toBe('NONE');
    expect(ownRows({ vendorId: VENDOR })(actor({ ownerIds: { vendorId: "' or true --" } }))).toBe('NONE');
    const own = { id: 'x', customerId: 'x', merchantId: 'x', orderId: 'x' };
    for (const claim of Object.keys(own) as Claim[])
      expect(ownRows({ owner: claim })(actor({ id: '', ownerIds: own }))).toBe('NONE');
  });

  test('by a claim that no room declares are a type error, and none', () => {
    // @ts-expect-error Claims are those of the platform and of the rooms.
    const undeclared: OwnRows = { nobodyId: 'nobodyId' };
    expect(ownRows(undeclared)(actor({ customerId: 'c' }))).toBe('NONE');
  });

  test.each(['', ' ', "' or true; reset role; select '", 'c\n', 'ç', 'c'.repeat(201)])('are none by %j', (id) => {
    expect(ownRows(own)(actor({ customerId: id }))).toBe('NONE');
    expect(ownRows(own)(actor({ orderId: id }))).toBe('NONE');
  });

  test('are what is left to those without the scope', () => {
    const staff = actor({ scopes: ['order:read'], customerId: 'c' });
    expect(rowsOf('order:read', own)(staff)).toBe('ALL');
    expect(rowsOf('order:write', own)(staff)).toEqual([{ customerId: 'c' }]);
  });
});

test('a claim has a setting of its own, of small letters and `_`', () => {
  const claims = ['id', 'customerId', 'merchantId', 'orderId', VENDOR] as const;
  expect(claims.map(settingOf)).toEqual([
    'agora.actor_id',
    'agora.customer_id',
    'agora.merchant_id',
    'agora.order_id',
    'agora.vendor_id',
  ]);
  for (const name of ["x', true); --", 'vendor.id', 'vendor1Id', ''])
    expect(() => settingOf(name as Claim)).toThrow('makes no setting');
});

describe('the filter and the policy that come from one declaration', () => {
  const VALUES = ['a', 'b', "o'brien", '', null];
  const PROPERTIES = ['id', 'customerId', 'merchantId', 'orderId', 'vendorId'] as const;
  const ROWS = PROPERTIES.reduce<Record<string, string | null>[]>(
    // The last property has fewer values: five of each would make thousands of rows.
    (rows, property) =>
      rows.flatMap((row) =>
        (property === 'vendorId' ? ['a', null] : VALUES).map((value) => ({ ...row, [property]: value })),
      ),
    [{}],
  ).map((row, at) => ({ key: String(at).padStart(4, '0'), ...row }));
  const DECLARED: Record<string, OwnRows> = {
    of_user: { id: 'id' },
    of_customer: { customerId: 'customerId' },
    of_guest: { id: 'orderId', customerId: 'customerId' },
    of_payer: { customerId: 'customerId', orderId: 'orderId' },
    of_seller: { customerId: 'customerId', merchantId: 'merchantId' },
    of_vendor: { vendorId: VENDOR },
    of_all: { id: 'id', customerId: 'customerId', merchantId: 'merchantId', orderId: 'orderId', vendorId: VENDOR },
  };
  const confined: OwnTables = { ...DECLARED, part: { through: 'of_guest', by: 'thingId' } };

  let database: TestDatabase;
  let reads: ReturnType<typeof confinedReads<any>>;

  beforeAll(async () => {
    database = await testDatabase();
    await database.pool.query('create schema own');
    const own = database.kysely.withSchema('own');
    for (const table of Object.keys(DECLARED)) {
      await database.pool.query(
        `create table own.${table} (key text primary key, id text, customer_id text, merchant_id text, order_id text,
           vendor_id text)`,
      );
      await own.insertInto(table).values(ROWS).execute();
    }
    await database.pool.query('create table own.part (thing_id text)');
    await own
      .insertInto('part')
      .values(VALUES.map((thingId) => ({ thingId })))
      .execute();
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await confine(client, [{ schema: 'own', confined, role: READER }]);
    await client.end();
    const onOpen = () => {
      throw new Error('nobody may read as the reader');
    };
    reads = confinedReads(database.kysely, { agent: 'own', confined, onOpen });
  });

  afterAll(() => database?.drop());

  const claim = fc.option(fc.constantFrom('a', 'b', 'c', "o'brien", '', "' or true --"), { nil: undefined });
  const actors = fc
    .record({ id: claim, customerId: claim, merchantId: claim, orderId: claim, vendorId: claim, supplierId: claim })
    .map(({ id, vendorId, supplierId, ...claims }) => {
      const ownerIds = Object.entries({ vendorId, supplierId }).flatMap(([name, id]) =>
        id === undefined ? [] : [[name, id]],
      );
      return actor({ ...claims, id: id ?? 'anonymous', ownerIds: Object.fromEntries(ownerIds) });
    });

  test('agree about every actor and every row', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(DECLARED)), actors, async (table, who) => {
        const admitted = await reads(who).selectFrom(table).select('key').orderBy('key').execute();
        const filtered = ROWS.filter((row) => matches(row, ownRows(DECLARED[table]!)(who)));
        expect(admitted.map(({ key }) => key)).toEqual(filtered.map(({ key }) => key));
      }),
    );
  });

  test('agree about what belongs to a row of another table', async () => {
    await fc.assert(
      fc.asyncProperty(actors, async (who) => {
        const parts = await reads(who).selectFrom('part').select('thingId').execute();
        const own = ROWS.filter((row) => matches(row, ownRows(DECLARED.of_guest!)(who)));
        const ids = new Set(own.map((row) => (row as Record<string, string | null>).id).filter((id) => id !== null));
        expect(parts.map(({ thingId }) => thingId).sort()).toEqual([...ids].sort());
      }),
    );
  });
});
