import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { CompiledQuery, type Kysely, type LogEvent, PostgresDialect, Kysely as KyselyClass } from 'kysely';
import { defineEntity, type MikroORM, OptimisticLockError, p } from '@mikro-orm/postgresql';
import { type TestDatabase, testDatabase } from '../tests/support/database.ts';
import { isTransient, isUnstorable } from '../platform/errors.ts';
import { ormFor } from './orm.ts';

const ParcelSchema = defineEntity({
  name: 'Parcel',
  tableName: 'parcel',
  properties: {
    id: p.text().primary(),
    grams: p.bigint('bigint'),
    label: p.json<{ to: string; tags: string[] }>(),
    packedAt: p.datetime().name('packed_at'),
    day: p.date().nullable(),
    note: p.text().nullable(),
    version: p.integer().version(),
    items: () => p.oneToMany(ItemSchema).mappedBy('parcel'),
  },
});
class Parcel extends ParcelSchema.class {}
ParcelSchema.setClass(Parcel);

const ItemSchema = defineEntity({
  name: 'Item',
  tableName: 'item',
  properties: { id: p.text().primary(), parcel: () => p.manyToOne(Parcel), quantity: p.integer() },
});
class Item extends ItemSchema.class {}
ItemSchema.setClass(Item);

const packedAt = new Date('2026-03-04T05:06:07.089Z');
const grams = 12_345_678_901_234_567n;
let database: TestDatabase;
let kysely: Kysely<unknown>;
let orm: MikroORM;
const statements: string[] = [];

beforeAll(async () => {
  database = await testDatabase();
  await database.pool.query(`
    create schema post;
    create table post.parcel (id text primary key, grams bigint not null, label jsonb not null,
      packed_at timestamptz not null, day date, note text, version integer not null default 1);
    create table post.item (id text primary key, parcel_id text not null references post.parcel, quantity int not null)
  `);
  const log = (event: LogEvent) => void statements.push(event.query.sql);
  kysely = new KyselyClass({ dialect: new PostgresDialect({ pool: database.pool }), log });
  orm = await ormFor(kysely, { schema: 'post', entities: [ParcelSchema, ItemSchema] });
});

afterAll(() => database?.drop());

beforeEach(async () => {
  await database.pool.query('truncate post.parcel cascade');
  statements.length = 0;
});

/** A command's transaction: Kysely's, with a unit of work in it. */
const inTransaction = <Result>(work: (em: MikroORM['em'], trx: Kysely<unknown>) => Promise<Result>): Promise<Result> =>
  kysely.transaction().execute((trx) => {
    const em = orm.em.fork();
    em.setTransactionContext(trx);
    return work(em, trx);
  });

const pack = (id: string) =>
  inTransaction(async (em) => {
    const parcel = em.create(Parcel, { id, grams, label: { to: 'Ada', tags: ['x'] }, packedAt, day: '2026-03-04' });
    em.create(Item, { id: `${id}-1`, parcel, quantity: 2 });
    await em.flush();
  });

test('what was persisted comes back the same, in the types of the entity', async () => {
  await pack('a');
  await inTransaction(async (em) => {
    const parcel = await em.findOneOrFail(Parcel, 'a', { populate: ['items'] });
    expect(parcel.grams).toBe(grams);
    expect(parcel.label).toEqual({ to: 'Ada', tags: ['x'] });
    expect(parcel.packedAt).toEqual(packedAt);
    expect(parcel.day).toBe('2026-03-04');
    expect(parcel.version).toBe(1);
    expect(parcel.items.getItems().map((item) => item.quantity)).toEqual([2]);
  });
});

test('loading and flushing without a change writes nothing', async () => {
  await pack('a');
  statements.length = 0;
  await inTransaction(async (em) => {
    await em.findOneOrFail(Parcel, 'a');
    await em.flush();
  });
  expect(statements.filter((sql) => /^(insert|update|delete)/i.test(sql))).toEqual([]);
});

test('a change is one update that counts the version up', async () => {
  await pack('a');
  await inTransaction(async (em) => {
    const parcel = await em.findOneOrFail(Parcel, 'a');
    parcel.grams += 1n;
    parcel.packedAt = new Date('2027-01-01T00:00:00Z');
    await em.flush();
    expect(parcel.version).toBe(2);
  });
  const { rows } = await database.pool.query('select grams, packed_at, version from post.parcel');
  expect(rows).toEqual([{ grams: grams + 1n, packed_at: new Date('2027-01-01T00:00:00Z'), version: 2 }]);
});

test('a flush begins no transaction and sets no savepoint of its own', async () => {
  await pack('a');
  expect(statements.filter((sql) => /^(begin|start|commit|rollback|savepoint|release)/i.test(sql))).toEqual([
    'begin',
    'commit',
  ]);
});

test('the unit of work and plain SQL see each other in the transaction, and fall with it', async () => {
  const refused = inTransaction(async (em, trx) => {
    em.create(Parcel, { id: 'b', grams: 1n, label: { to: 'Bo', tags: [] }, packedAt });
    await em.flush();
    const { rows } = await trx.executeQuery(CompiledQuery.raw('select id from post.parcel'));
    expect(rows).toEqual([{ id: 'b' }]);
    throw new Error('no');
  });
  await expect(refused).rejects.toThrow('no');
  expect((await database.pool.query('select from post.parcel')).rowCount).toBe(0);
});

test('values are sent as parameters, so that a statement has one text whatever they are', async () => {
  await pack("it's a ?");
  await pack('b');
  expect(statements.filter((sql) => sql.includes("'"))).toEqual([]);
  expect(new Set(statements.filter((sql) => sql.startsWith('insert'))).size).toBe(2);
});

test('an update that counts the version up has parameters too, of one row and of several, documents among them', async () => {
  const label = { to: "it's ?? and \\? and $1", tags: ['a?', "b'"] };
  const relabel = (...ids: string[]) =>
    inTransaction(async (em) => {
      for (const parcel of await em.find(Parcel, { id: { $in: ids } })) {
        parcel.label = { ...label, to: `${label.to} ${parcel.id}` };
        parcel.grams += 1n;
        parcel.day = null;
      }
      await em.flush();
    });
  await pack('a');
  await pack('b');
  statements.length = 0;
  await relabel('a');
  await relabel('b');
  await relabel('a', 'b');
  const updates = statements.filter((sql) => sql.startsWith('update'));
  expect([updates.length, new Set(updates).size]).toEqual([3, 2]);
  expect(updates.filter((sql) => sql.includes("'") || !sql.includes('"version" + 1'))).toEqual([]);
  const { rows } = await database.pool.query('select id, grams, label, version from post.parcel order by id');
  expect(rows).toEqual(
    ['a', 'b'].map((id) => ({ id, grams: grams + 2n, label: { ...label, to: `${label.to} ${id}` }, version: 3 })),
  );
});

test.each(['a\u0000b', 'a\ud800b', '\udc00'])(
  'an update to %j is refused as unstorable, and changes nothing',
  async (bad) => {
    await pack('a');
    await pack('b');
    for (const ids of [['a'], ['a', 'b']]) {
      const update = inTransaction(async (em) => {
        for (const parcel of await em.find(Parcel, { id: { $in: ids } })) parcel.note = bad;
        await em.flush();
      });
      const error = await update.catch((cause: unknown) => cause);
      expect([isUnstorable(error), isTransient(error)]).toEqual([true, false]);
    }
    const { rows } = await database.pool.query('select note, version from post.parcel');
    expect(rows).toEqual(Array(2).fill({ note: null, version: 1 }));
  },
);

test('a statement that PostgreSQL cannot read is a mistake of ours and not a lost connection', async () => {
  const error = await database.pool.query("select 'a\0b'").catch((cause: unknown) => cause);
  expect([(error as { code: string }).code, isTransient(error)]).toEqual(['08P01', false]);
});

test('a row that somebody else changed since it was read is not overwritten', async () => {
  await pack('a');
  const late = inTransaction(async (em) => {
    const parcel = await em.findOneOrFail(Parcel, 'a');
    await inTransaction(async (other) => {
      (await other.findOneOrFail(Parcel, 'a')).grams = 5n;
      await other.flush();
    });
    parcel.grams = 6n;
    await em.flush();
  });
  await expect(late).rejects.toThrow(OptimisticLockError);
  expect((await database.pool.query('select grams from post.parcel')).rows).toEqual([{ grams: 5n }]);
});
