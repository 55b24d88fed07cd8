/**
 * The statements by which a command finds, inserts and saves the rows of an entity. Their texts are cached for each set
 * of columns, since to build one costs more than to send it.
 */
import type { Kysely } from 'kysely';
import { columnName } from '../data/column-name.ts';
import {
  type ChangesOf,
  columnList,
  type Entity,
  type EntityTable,
  type NewRowOf,
  type RowOf,
  tableOf,
} from '../data/entity-table.ts';
import { raw } from '../data/raw.ts';
import { LostRace } from '../data/retry.ts';
import { matches, type RowFilter } from '../data/row-filter.ts';
import { refuse } from '../errors.ts';

/** Options for finding a row. */
export interface FindOptions {
  /** Row filter of the caller; rows outside it are reported as not found. @default 'ALL' */
  rows?: RowFilter;
  /** Path of the id in the input, for the user error. */
  path: readonly string[];
}

/** The finder, inserter and saver of one transaction, on one agent's schema. */
export interface EntityStatements {
  /** The row with this key. @throws Refusal NOT_FOUND where there is none, or it is not among `rows` */
  find<E extends Entity>(entity: E, key: string, options: FindOptions): Promise<RowOf<E>>;
  /** The row with this key, if there is one. */
  findIfAny<E extends Entity>(entity: E, key: string): Promise<RowOf<E> | undefined>;
  /** Inserts rows, all with the same properties; does nothing without any. */
  insert<E extends Entity>(entity: E, ...rows: NewRowOf<E>[]): Promise<void>;
  /**
   * Updates a row that was read in this transaction, under an optimistic lock, and returns it as it is then. Its
   * version counts up, also without other changes, by `versions` where the changes are several that each publish an
   * event. Undefined properties of `changes` stay as they are.
   * @throws LostRace if another command has changed it since; the command is then retried
   */
  save<E extends Entity>(entity: E, row: RowOf<E>, changes: ChangesOf<E>, versions?: number): Promise<RowOf<E>>;
}

/** Creates the statements on a transaction of the agent. */
export function entityStatements(transaction: Kysely<any>, schema: string): EntityStatements {
  const findIfAny = async <E extends Entity>(entity: E, key: string): Promise<RowOf<E> | undefined> =>
    (await raw<RowOf<E>>(transaction, findText(schema, entity), [key])).rows[0];

  return {
    findIfAny,
    async find(entity, key, { rows = 'ALL', path }) {
      const row = await findIfAny(entity, key);
      if (row && matches(row, rows)) return row;
      const { words } = tableOf(entity);
      throw refuse('NOT_FOUND', `There is no such ${words}${rows === 'ALL' ? '' : ', or it is not yours'}.`, path);
    },
    async insert(entity, ...rows) {
      if (rows.length === 0) return;
      const names = given(rows[0]!);
      const values = rows.flatMap((row) => names.map((name) => sent(tableOf(entity), name, row)));
      await raw(transaction, insertText(schema, entity, names, rows.length), values);
    },
    async save(entity, row, changes, versions = 1) {
      const table = tableOf(entity);
      const names = given(changes).filter((name) => name !== table.version);
      const seen = table.version === undefined ? [...table.key] : [...table.key, table.version];
      const values = [
        ...seen.map((name) => row[name as keyof typeof row]),
        ...names.map((name) => sent(table, name, changes)),
        ...(table.version === undefined ? [] : [versions]),
      ];
      const saved = await raw<typeof row>(transaction, saveText(schema, entity, names, seen), values);
      if (!saved.rows[0]) throw new LostRace(`${table.name} was changed by another command`);
      return saved.rows[0];
    },
  };
}

type Values = Readonly<Record<string, unknown>>;

const given = (row: object): string[] =>
  Object.keys(row)
    .filter((name) => (row as Values)[name] !== undefined)
    .sort();

function sent({ documents }: EntityTable, name: string, row: object): unknown {
  const value = (row as Values)[name];
  return documents.has(name) && value !== null ? JSON.stringify(value) : value;
}

const column = (name: string): string => `"${columnName(name)}"`;

/** Cache of statement texts, bounded by the entities and the sets of properties in the code. */
const texts = new Map<string, string>();
/** Statements for more rows than this are not cached: imports have any number. */
const FEW_ROWS = 20;

/** The text of a statement, made the first time that it is asked for. */
function once(key: string, make: () => string): string {
  let text = texts.get(key);
  if (text === undefined) texts.set(key, (text = make()));
  return text;
}

const findText = (schema: string, entity: Entity): string =>
  once(`find ${schema}.${entity.tableName}`, () => {
    const [key] = tableOf(entity).key;
    return `select ${columnList(entity)} from "${schema}"."${entity.tableName}" where ${column(key!)} = $1`;
  });

const insertText = (schema: string, entity: Entity, names: readonly string[], count: number): string => {
  const make = (): string => {
    const row = (n: number) => `(${names.map((_, index) => `$${n * names.length + index + 1}`).join(', ')})`;
    const rows = Array.from({ length: count }, (_, n) => row(n));
    return `insert into "${schema}"."${entity.tableName}" (${names.map(column).join(', ')}) values ${rows.join(', ')}`;
  };
  return count > FEW_ROWS ? make() : once(`insert ${count} ${schema}.${entity.tableName} ${names.join()}`, make);
};

const saveText = (schema: string, entity: Entity, names: readonly string[], seen: readonly string[]): string =>
  once(`save ${schema}.${entity.tableName} ${names.join()}`, () => {
    const { version } = tableOf(entity);
    const changed = names.map((name, index) => `${column(name)} = $${seen.length + index + 1}`);
    const last = seen.length + names.length + 1;
    const counted = version === undefined ? [] : [`${column(version)} = ${column(version)} + $${last}`];
    const where = seen.map((name, index) => `${column(name)} = $${index + 1}`);
    return `update "${schema}"."${entity.tableName}" set ${[...changed, ...counted].join(', ')}
      where ${where.join(' and ')} returning ${columnList(entity)}`;
  });
