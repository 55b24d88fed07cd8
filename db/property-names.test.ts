import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { jsonArrayFrom } from 'kysely/helpers/postgres';
import { type Generated, type Kysely, sql } from 'kysely';
import { singleStatements } from '../platform/data/single-statements.ts';
import { type TestDatabase, testDatabase } from '../tests/support/database.ts';
import { kyselyOver } from './kysely.ts';

interface Tables {
  parcel: { id: string; packedAt: Date | null; ownerId: string; version: Generated<number> };
  parcelItem: { parcelId: string; unitPrice: number };
}

let database: TestDatabase;
let db: Kysely<Tables>;
beforeAll(async () => {
  database = await testDatabase();
  db = kyselyOver<Tables>(database.pool);
  await database.pool.query(`
    create table parcel (id text primary key, packed_at timestamptz, owner_id text, version int not null default 1);
    create table parcel_item (parcel_id text, unit_price int);
    insert into parcel values ('p1', '2026-03-04T05:06:07Z', 'ada'), ('p2', null, 'bo');
    insert into parcel_item values ('p1', 3), ('p1', 4), ('p2', 5)`);
});
afterAll(() => database.drop());

const p1 = { id: 'p1', packedAt: new Date('2026-03-04T05:06:07Z'), ownerId: 'ada' };

test('columns are selected, filtered and ordered by the names of properties, with and without their table', async () => {
  const rows = await db
    .selectFrom('parcel')
    .select(['id', 'parcel.packedAt', 'ownerId'])
    .where('ownerId', '=', 'ada')
    .where('parcel.packedAt', 'is not', null)
    .orderBy('packedAt')
    .execute();
  expect(rows).toEqual([p1]);
});

test('aliases of a statement stay as they are, and those of a subquery are columns to the statement around it', async () => {
  const rows = await db
    .with('priced', (cte) =>
      cte
        .selectFrom('parcelItem')
        .select(['parcelId', (eb) => eb.fn.sum<bigint>('unitPrice').as('totalPrice')])
        .groupBy('parcelId'),
    )
    .selectFrom('priced')
    .innerJoin('parcel as ourParcel', 'ourParcel.id', 'priced.parcelId')
    .select(['priced.totalPrice', 'ourParcel.ownerId as owner', 'ourParcel.packedAt as packedOn'])
    .where('priced.totalPrice', '>', 5n)
    .execute();
  expect(rows).toEqual([{ totalPrice: 7n, owner: 'ada', packedOn: p1.packedAt }]);
});

test('rows are inserted, changed and returned by the names of properties, beside columns of raw SQL', async () => {
  const inserted = await db
    .insertInto('parcel')
    .values({ id: 'p3', packedAt: null, ownerId: 'cy' })
    .onConflict((on) => on.column('id').doUpdateSet({ ownerId: (eb) => eb.ref('excluded.ownerId') }))
    .returning(['id', 'ownerId', sql<boolean>`packed_at is null`.as('isOpen')])
    .execute();
  expect(inserted).toEqual([{ id: 'p3', ownerId: 'cy', isOpen: true }]);
  const updated = await db
    .updateTable('parcel')
    .set((eb) => ({ ownerId: 'di', version: eb('version', '+', 1) }))
    .where(sql.ref('ownerId'), '=', 'cy')
    .returning(['ownerId', 'version'])
    .executeTakeFirst();
  expect(updated).toEqual({ ownerId: 'di', version: 2 });
  await db.deleteFrom('parcel').where('ownerId', '=', 'di').execute();
});

test('a list within a row has the names of properties too', async () => {
  const rows = await db
    .selectFrom('parcel')
    .select((eb) => [
      'id',
      jsonArrayFrom(
        eb.selectFrom('parcelItem').select('unitPrice').whereRef('parcelItem.parcelId', '=', 'parcel.id'),
      ).as('itemPrices'),
    ])
    .where('id', '=', 'p2')
    .execute();
  expect(rows).toEqual([{ id: 'p2', itemPrices: [{ unitPrice: 5 }] }]);
});

test('both halves of a union are read under the names of the first', async () => {
  const rows = await db
    .selectFrom('parcel')
    .select(['ownerId'])
    .where('id', '=', 'p1')
    .unionAll(db.selectFrom('parcelItem').select('parcelId as ownerId').where('unitPrice', '=', 5))
    .execute();
  expect(rows).toEqual([{ ownerId: 'ada' }, { ownerId: 'p2' }]);
});

test('single statements that go elsewhere have the names of properties too', async () => {
  const elsewhere = singleStatements((query) => db.executeQuery(query), db);
  const rows = await elsewhere.selectFrom('parcel').select(['packedAt']).where('ownerId', '=', 'ada').execute();
  expect(rows).toEqual([{ packedAt: p1.packedAt }]);
});
