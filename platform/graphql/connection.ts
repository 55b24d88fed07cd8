/**
 * Relay connections (https://relay.dev/graphql/connections.htm) with keyset pagination: a page starts after the values
 * of its predecessor's last row, so it costs the same however deep, and rows inserted meanwhile repeat nothing.
 */
import { GraphQLError } from 'graphql';
import { type Expression, type SelectQueryBuilder, type SqlBool, sql } from 'kysely';
import { columnName } from '../data/column-name.ts';
import { countOf } from '../data/count.ts';
import { prefixOf } from '../ids.ts';

/** Largest page. More is an error, never clamped: a client that asked for 500 must not believe it saw them all. */
export const MAX_PAGE = 100;
/** Page size when `first` is not given. */
export const DEFAULT_PAGE = 20;

/** The arguments of a connection. */
export interface PageArgs {
  first?: number | null;
  after?: string | null;
}

/**
 * Collation of a text column, named in the query and in its index, so that the order is the same in every database:
 * that of a dictionary (Äpfel, apple, Banana), or that of code points.
 */
export type Collation = 'und-x-icu' | 'C';

/** Order of a list: a column of the owner's own, indexed together with `id`, and a direction. */
export interface Ordering {
  column: string;
  /** Only for a text column. */
  collation?: Collation;
  direction: 'ASC' | 'DESC';
}

/** A page of rows, with the cursors to go on from. */
export interface Connection<Row> {
  edges: { node: Row; cursor: string }[];
  nodes: Row[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
  /** Counted lazily, when the field is selected. */
  readonly totalCount: Promise<number>;
}

const badInput = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });

/** The page size for an argument `first`. @throws GraphQLError BAD_USER_INPUT outside 1 to {@link MAX_PAGE} */
export function pageSize(first: number | null | undefined): number {
  if (first == null) return DEFAULT_PAGE;
  if (first < 1 || first > MAX_PAGE)
    throw badInput(`\`first\` must be between 1 and ${MAX_PAGE}; ask for the next page with \`after\`.`);
  return first;
}

/**
 * Reads one page of `query`, ordered by `ordering` and then by `id` (in the same direction). The query selects at
 * least `id` and the ordering column, carries every filter, and no order or limit of its own.
 */
export async function connect<DB, TB extends keyof DB, Row extends { id: string }>(
  query: SelectQueryBuilder<DB, TB, Row>,
  ordering: Ordering,
  { first, after }: PageArgs,
): Promise<Connection<Row>> {
  const size = pageSize(first);
  const ref = sql.ref(ordering.column);
  // Raw text, since the compiler would change the capitals of an identifier, as those of a property's name.
  const column = ordering.collation ? sql`${ref} collate ${sql.raw(`"${ordering.collation}"`)}` : ref;
  const id = sql.ref('id');
  const direction = ordering.direction === 'DESC' ? 'desc' : 'asc';
  let page = query as SelectQueryBuilder<any, any, any>;
  if (after != null) page = page.where(behind(decode(after, ordering), ordering, column, id));
  if (ordering.column !== 'id') page = page.orderBy(column, direction);
  const rows = (await page
    .orderBy(id, direction)
    .limit(size + 1)
    .execute()
    .catch(orForeign(after))) as Row[];
  if (after != null && rows[0]) checkKind(decode(after, ordering)[1], rows[0].id);

  const edges = rows.slice(0, size).map((node) => ({ node, cursor: encode(node, ordering) }));
  return {
    edges,
    nodes: edges.map((edge) => edge.node),
    pageInfo: {
      hasNextPage: rows.length > size,
      hasPreviousPage: after != null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    get totalCount() {
      return countOf(query as SelectQueryBuilder<any, any, any>);
    },
  };
}

function behind(
  [value, id]: [unknown, string],
  { column: name, direction }: Ordering,
  column: Expression<unknown>,
  idColumn: Expression<unknown>,
) {
  const op = sql.raw(direction === 'DESC' ? '<' : '>');
  if (name === 'id') return sql<SqlBool>`${idColumn} ${op} ${id}`;
  return sql<SqlBool>`(${column}, ${idColumn}) ${op} (${value}, ${id})`;
}

function encode(row: { id: string } & Record<string, any>, { column }: Ordering): string {
  const value = row[column];
  const plain = value instanceof Date ? value.toISOString() : typeof value === 'bigint' ? value.toString() : value;
  return Buffer.from(JSON.stringify([columnName(column), plain, row.id])).toString('base64url');
}

/** Decodes a cursor. It carries the column, so that a list in another order refuses it. */
function decode(cursor: string, { column }: Ordering): [unknown, string] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(parsed) && parsed.length === 3) {
      const [of, value, id] = parsed as unknown[];
      if (of === columnName(column) && ['string', 'number', 'boolean'].includes(typeof value) && typeof id === 'string')
        return [value, id];
    }
  } catch {
    // Falls through to the same refusal: the text is not one of our cursors.
  }
  throw notOurs();
}

/** Checks a cursor by the prefix of its id, since another list may be ordered by a column of the same name. */
function checkKind(id: string, found: string): void {
  if (prefixOf(id) !== prefixOf(found)) throw notOurs();
}

/** Maps PostgreSQL's class 22, a data exception, to a refusal: the cursor's value does not fit the column. */
const orForeign =
  (after: string | null | undefined) =>
  (error: Error & { code?: string }): never => {
    if (after != null && error.code?.startsWith('22')) throw notOurs();
    throw error;
  };

const notOurs = (): GraphQLError =>
  badInput("`after` is not a cursor of this list: use the `endCursor` or an edge's `cursor` of an earlier page.");
