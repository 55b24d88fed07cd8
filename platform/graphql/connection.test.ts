import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { GraphQLError } from 'graphql';
import { Kysely, type LogEvent, PostgresDialect } from 'kysely';
import { type TestDatabase, testDatabase } from '../../tests/support/database.ts';
import { newId } from '../ids.ts';
import {
  connect,
  type Connection,
  DEFAULT_PAGE,
  MAX_PAGE,
  type Ordering,
  type PageArgs,
  pageSize,
} from './connection.ts';

interface Row {
  id: string;
  name: string;
  made_at: Date;
  size: bigint;
  kind: string;
}

let database: TestDatabase;
let db: Kysely<{ thing: Row }>;
const statements: string[] = [];

/** Names and times with many ties, so that the id has to decide; names whose order depends on the collation. */
const NAMES = ['apple', 'Apple', 'äpfel', 'zebra', "o'x", 'apple'];
const ROWS: Row[] = Array.from({ length: 45 }, (_, n) => ({
  id: `thing_${String((n * 17) % 45).padStart(3, '0')}`,
  name: NAMES[n % NAMES.length]!,
  made_at: new Date(Date.UTC(2026, 0, 1, 0, 0, 0, 123 + (n % 7))),
  size: 2n ** 60n + BigInt(n % 5),
  kind: n % 3 ? 'EVEN' : 'THIRD',
}));

beforeAll(async () => {
  database = await testDatabase();
  await database.pool.query(
    'create table thing (id text primary key, name text not null, made_at timestamptz(3) not null, size int8 not null, kind text not null)',
  );
  const log = (event: LogEvent) => void statements.push(event.query.sql);
  db = new Kysely({ dialect: new PostgresDialect({ pool: database.pool }), log });
  await db.insertInto('thing').values(ROWS).execute();
});

afterAll(() => database?.drop());

beforeEach(() => {
  statements.length = 0;
});

const page = (ordering: Ordering, args: PageArgs): Promise<Connection<Row>> =>
  connect(db.selectFrom('thing').selectAll(), ordering, args);

/** All pages, one after the other. */
async function walk(ordering: Ordering, first: number): Promise<string[]> {
  const ids: string[] = [];
  let after: string | null = null;
  do {
    const { nodes, pageInfo } = await page(ordering, { first, after });
    ids.push(...nodes.map(({ id }) => id));
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after);
  return ids;
}

const inOneGo = async ({ column, collation, direction }: Ordering): Promise<string[]> => {
  const to = direction.toLowerCase();
  const by = collation ? `${column} collate "${collation}"` : column;
  const { rows } = await database.pool.query(`select id from thing order by ${by} ${to}, id ${to}`);
  return rows.map(({ id }) => id);
};

const columns: Pick<Ordering, 'column' | 'collation'>[] = [
  ...['made_at', 'name', 'size', 'id'].map((column) => ({ column })),
  { column: 'name', collation: 'und-x-icu' },
  { column: 'name', collation: 'C' },
];
const orderings = columns.flatMap((column) =>
  (['ASC', 'DESC'] as const).map((direction) => ({ ...column, direction })),
);

describe.each(orderings)('ordered by $column $collation $direction', (ordering) => {
  test.each([1, 7, 44, 45, 100])(
    'pages of %i hold every row once, ties included, in the order of the list',
    async (first) => {
      expect(await walk(ordering, first)).toEqual(await inOneGo(ordering));
    },
  );
});

test('names are in dictionary order with the collation und-x-icu, and in that of code points with C', async () => {
  const names = async (collation: Ordering['collation']) => {
    const { nodes } = await page({ column: 'name', collation, direction: 'ASC' }, { first: 45 });
    return [...new Set(nodes.map(({ name }) => name))];
  };
  expect(await names('und-x-icu')).toEqual(['äpfel', 'apple', 'Apple', "o'x", 'zebra']);
  expect(await names('C')).toEqual(['Apple', 'apple', "o'x", 'zebra', 'äpfel']);
});

const byTime: Ordering = { column: 'made_at', direction: 'DESC' };

test('rows inserted or deleted between two pages cause no repeated and no missing row', async () => {
  const byName: Ordering = { column: 'name', direction: 'ASC' };
  const first = await page(byName, { first: 10 });
  const rest = (await inOneGo(byName)).slice(10);
  await database.pool.query(`insert into thing values ('thing_new', '', now(), 0, 'EVEN')`);
  await database.pool.query('delete from thing where id = $1', [first.nodes[9]!.id]);
  const second = await page(byName, { first: 100, after: first.pageInfo.endCursor });
  expect(second.nodes.map(({ id }) => id)).toEqual(rest);
  await database.pool.query(`delete from thing where id = 'thing_new'`);
  await db.insertInto('thing').values(first.nodes[9]!).execute();
});

test('a page says where it starts and ends and whether there is more', async () => {
  const first = await page(byTime, { first: 10 });
  expect(first.pageInfo).toEqual({
    hasNextPage: true,
    hasPreviousPage: false,
    startCursor: first.edges[0]!.cursor,
    endCursor: first.edges[9]!.cursor,
  });
  const last = await page(byTime, { first: 35, after: first.pageInfo.endCursor });
  expect(last.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  const beyond = await page(byTime, { after: last.pageInfo.endCursor });
  expect(beyond).toMatchObject({
    edges: [],
    nodes: [],
    pageInfo: { hasNextPage: false, startCursor: null, endCursor: null },
  });
});

test('one page is one statement, and the total is counted only when it is read', async () => {
  const filtered = db.selectFrom('thing').selectAll().where('kind', '=', 'THIRD');
  const first = await connect(filtered, byTime, { first: 2 });
  const next = await connect(filtered, byTime, { first: 2, after: first.pageInfo.endCursor });
  expect(statements).toHaveLength(2);
  expect(await next.totalCount).toBe(15);
  expect(statements).toHaveLength(3);
});

test('the page size is 20 by default, and more than 100 is an error, not clamped', async () => {
  expect((await page(byTime, {})).nodes).toHaveLength(DEFAULT_PAGE);
  expect(pageSize(MAX_PAGE)).toBe(100);
  for (const first of [0, -1, 101, 1_000_000_000]) {
    await expect(page(byTime, { first })).rejects.toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
  }
  expect(statements).toHaveLength(1);
});

const made = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a connection refuses as `after`', () => {
  test('the cursor of another list whose column has the same name', async () => {
    const inTime = { column: 'made_at', direction: 'ASC' } as const;
    const [one, other] = [newId('other'), newId('other')];
    const rows = [one, other].map((id) => ({ ...ROWS[0]!, id, kind: 'OTHER' }));
    await db.insertInto('thing').values(rows).execute();
    const others = db.selectFrom('thing').selectAll().where('kind', '=', 'OTHER');
    const { pageInfo } = await connect(others, inTime, { first: 1 });
    expect((await connect(others, inTime, { after: pageInfo.endCursor })).nodes).toHaveLength(1);
    const theirs = db.selectFrom('thing').selectAll().where('kind', '<>', 'OTHER');
    await expect(connect(theirs, inTime, { after: pageInfo.endCursor })).rejects.toThrow(
      '`after` is not a cursor of this list',
    );
    await db.deleteFrom('thing').where('kind', '=', 'OTHER').execute();
  });

  test.each([
    ['nothing', ''],
    ['garbage', 'garbage'],
    ['JSON of something else', made({ a: 1 })],
    ['a pair', made(['2026-01-01T00:00:00Z', 'thing_001'])],
    ['an object for a value', made(['made_at', { a: 1 }, 'thing_001'])],
    ['an id that is none', made(['made_at', '2026-01-01T00:00:00Z', 5])],
    ['a value that is none of the column', made(['made_at', 'yesterday, perhaps', 'thing_001'])],
    ['a text that no database holds', made(['made_at', '\0', 'thing_001'])],
    ['an injection', made(["made_at' or true --", 'x', 'thing_001'])],
  ])('%s', async (_, after) => {
    const error = await page(byTime, { after }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(GraphQLError);
    expect(error).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
  });

  test('the cursor of a list in another order', async () => {
    const { pageInfo } = await page({ column: 'name', direction: 'ASC' }, { first: 3 });
    await expect(page(byTime, { after: pageInfo.endCursor })).rejects.toThrow('`after` is not a cursor of this list');
  });
});

test('a fault of the database is not reported as a bad cursor', async () => {
  await expect(page({ column: 'nowhere', direction: 'ASC' }, {})).rejects.toMatchObject({ code: '42703' });
});
