import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { defineEntity, p } from '@mikro-orm/core';
import type { Kysely } from 'kysely';
import { kyselyOver } from '../../db/kysely.ts';
import { type TestDatabase, testDatabase } from '../../tests/support/database.ts';
import { columnsIn, columnsOf, type RowOf, type TablesOf, tableOf } from '../data/entity-table.ts';
import { isLostRace } from '../data/retry.ts';
import type { Refusal } from '../errors.ts';
import { entityStatements, type EntityStatements } from './entity-statements.ts';

const ParcelSchema = defineEntity({
  name: 'PostalParcel',
  tableName: 'parcel',
  properties: {
    id: p.string().primary(),
    merchantId: p.string(),
    label: p.json<{ to: string; tags: string[] }>(),
    stops: p.json<string[]>(),
    grams: p.bigint('bigint'),
    packedAt: p.datetime().nullable(),
    version: p.integer().version().default(1),
  },
});
const StopSchema = defineEntity({
  name: 'Stop',
  tableName: 'stop',
  properties: { parcelId: p.string().primary(), position: p.integer().primary(), name: p.string() },
});
type Tables = TablesOf<typeof ParcelSchema | typeof StopSchema>;

const PACKED = {
  id: 'a',
  merchantId: 'm1',
  label: { to: "it's", tags: ['x'] },
  stops: ['Lyon'],
  grams: 12_345_678_901_234_567n,
};
const AT = { path: ['input', 'id'] };
let database: TestDatabase;
let db: Kysely<Tables>;
let work: EntityStatements;

beforeAll(async () => {
  database = await testDatabase();
  await database.pool.query(`
    create schema post;
    create table post.parcel (id text primary key, merchant_id text not null, label jsonb not null, stops jsonb not null,
      grams bigint not null, packed_at timestamptz, version int not null default 1);
    create table post.stop (parcel_id text, position int, name text not null, primary key (parcel_id, position))`);
  db = kyselyOver<Tables>(database.pool).withSchema('post');
  work = entityStatements(kyselyOver(database.pool), 'post');
});
afterAll(() => database?.drop());
beforeEach(() => database.pool.query('truncate post.parcel, post.stop'));

const refusal = (promise: Promise<unknown>) => promise.catch((error: Refusal) => error.userErrors?.[0]);

test('an inserted row is found unchanged, in the types of the entity', async () => {
  await work.insert(ParcelSchema, PACKED);
  const found: RowOf<typeof ParcelSchema> = await work.find(ParcelSchema, 'a', AT);
  expect(found).toEqual({ ...PACKED, packedAt: null, version: 1 });
});

test('any number of rows is inserted by one statement, and no rows send none', async () => {
  await work.insert(ParcelSchema);
  const ids = Array.from({ length: 30 }, (_, n) => `p${n}`);
  await work.insert(ParcelSchema, ...ids.map((id) => ({ ...PACKED, id })));
  expect((await db.selectFrom('parcel').select('id').execute()).map(({ id }) => id).sort()).toEqual([...ids].sort());
});

test('a row outside the caller’s row filter is reported as not found', async () => {
  await work.insert(ParcelSchema, PACKED);
  const missing = { code: 'NOT_FOUND', message: 'There is no such postal parcel, or it is not yours.', path: AT.path };
  expect(await refusal(work.find(ParcelSchema, 'a', { ...AT, rows: [{ merchantId: 'm2' }] }))).toEqual(missing);
  expect(await refusal(work.find(ParcelSchema, 'b', { ...AT, rows: [{ merchantId: 'm2' }] }))).toEqual(missing);
  expect(await work.find(ParcelSchema, 'a', { ...AT, rows: [{ merchantId: 'm1' }] })).toMatchObject({ id: 'a' });
  expect(await refusal(work.find(ParcelSchema, 'b', AT))).toEqual({
    ...missing,
    message: 'There is no such postal parcel.',
  });
});

test('a save writes the changes, counts the version up, and returns the updated row', async () => {
  await work.insert(ParcelSchema, PACKED);
  const packedAt = new Date('2026-03-04T05:06:07Z');
  const row = await work.find(ParcelSchema, 'a', AT);
  const saved = await work.save(ParcelSchema, row, {
    stops: ['Lyon', 'Dijon'],
    grams: 1n,
    packedAt,
    merchantId: undefined,
  });
  expect(saved).toEqual({ ...PACKED, stops: ['Lyon', 'Dijon'], grams: 1n, packedAt, version: 2 });
  expect(await work.save(ParcelSchema, saved, { packedAt: null })).toMatchObject({ packedAt: null, version: 3 });
});

test('a save of several changes counts the version up as often', async () => {
  await work.insert(ParcelSchema, PACKED);
  const row = await work.find(ParcelSchema, 'a', AT);
  expect(await work.save(ParcelSchema, row, { grams: 3n }, 2)).toEqual({ ...row, grams: 3n, version: 3 });
});

test('a save without a change counts the version up all the same', async () => {
  await work.insert(ParcelSchema, PACKED);
  const row = await work.find(ParcelSchema, 'a', AT);
  expect(await work.save(ParcelSchema, row, {})).toEqual({ ...row, version: 2 });
});

test('a row that another command has changed since it was read is not overwritten', async () => {
  await work.insert(ParcelSchema, PACKED);
  const row = await work.find(ParcelSchema, 'a', AT);
  await work.save(ParcelSchema, row, { grams: 5n });
  const error = await work.save(ParcelSchema, row, { grams: 6n }).catch((cause: unknown) => cause);
  expect(isLostRace(error)).toBe(true);
  expect(await work.find(ParcelSchema, 'a', AT)).toMatchObject({ grams: 5n, version: 2 });
});

test('a save in a table without a version and with a key of two columns changes one row', async () => {
  const stops = ['Lyon', 'Dijon'].map((name, position) => ({ parcelId: 'a', position, name }));
  await work.insert(StopSchema, ...stops);
  await work.save(StopSchema, stops[1]!, { name: 'Paris' });
  const rows = await db.selectFrom('stop').select(columnsOf(StopSchema)).orderBy('position').execute();
  expect(rows).toEqual([stops[0], { ...stops[1], name: 'Paris' }]);
});

test('the columns of an entity are selected beside those of another', async () => {
  await work.insert(ParcelSchema, PACKED);
  await work.insert(StopSchema, { parcelId: 'a', position: 0, name: 'Lyon' });
  const rows = await db
    .selectFrom('parcel')
    .innerJoin('stop', 'stop.parcelId', 'parcel.id')
    .select(columnsIn('parcel', ParcelSchema))
    .select('stop.name as firstStop')
    .execute();
  expect(rows).toEqual([{ ...PACKED, packedAt: null, version: 1, firstStop: 'Lyon' }]);
});

test('the table of an entity has its names, key, version and documents', () => {
  expect(tableOf(ParcelSchema)).toMatchObject({
    words: 'postal parcel',
    name: 'parcel',
    key: ['id'],
    version: 'version',
  });
  expect([...tableOf(ParcelSchema).documents]).toEqual(['label', 'stops']);
  expect(tableOf(StopSchema)).toMatchObject({ key: ['parcelId', 'position'], version: undefined });
});
