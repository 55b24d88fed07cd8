/**
 * The table of an entity. `defineEntity` is the one declaration of every column: the types of rows, the columns that a
 * query reads and the statements of `Work` (platform/store/store.ts) are derived from it.
 */
import { type EntitySchema, type EntitySchemaWithMeta, JsonType } from '@mikro-orm/core';
import type { InferKyselyDB, InferKyselyTable } from '@mikro-orm/sql';
import type { Insertable, Selectable, Updateable } from 'kysely';
import { columnName } from './column-name.ts';

/** Columns have the names of properties; db/property-names.ts translates them for PostgreSQL. */
interface Naming {
  columnNamingStrategy: 'property';
}

/** An entity, as `defineEntity` makes it. */
export type Entity = EntitySchemaWithMeta;

/** The tables of these entities, for Kysely: `type Tables = TablesOf<(typeof entities)[number]>`. */
export type TablesOf<E extends Entity> = InferKyselyDB<E, Naming>;

/** A row as it is read: `type Product = RowOf<typeof ProductSchema>`. */
export type RowOf<E extends Entity> = Selectable<InferKyselyTable<E, Naming>>;

/** A row as it is inserted: properties that are nullable or have a default may be left out. */
export type NewRowOf<E extends Entity> = Insertable<InferKyselyTable<E, Naming>>;

/** Changes to a row. An undefined property is left as it is. */
export type ChangesOf<E extends Entity> = Updateable<InferKyselyTable<E, Naming>>;

/** A table, as its entity declares it. */
export interface EntityTable {
  /** As people say it, for messages: `tax rate`. */
  readonly words: string;
  readonly name: string;
  readonly properties: readonly string[];
  /** The properties of its primary key. */
  readonly key: readonly string[];
  /** The property that counts changes, if there is one. */
  readonly version: string | undefined;
  /** The properties that are documents: sent as JSON. */
  readonly documents: ReadonlySet<string>;
}

const tables = new WeakMap<EntitySchema, EntityTable>();

/** The table of an entity. */
export function tableOf(entity: EntitySchema): EntityTable {
  let table = tables.get(entity);
  if (!table) {
    const { className, tableName, properties } = entity.meta;
    const declared = Object.entries<{ primary?: boolean; version?: boolean; type?: unknown }>(properties);
    const having = (is: (property: (typeof declared)[number][1]) => boolean) =>
      declared.filter(([, property]) => is(property)).map(([name]) => name);
    table = {
      words: columnName(className).replaceAll('_', ' '),
      name: tableName,
      properties: declared.map(([name]) => name),
      key: having(({ primary }) => primary === true),
      version: having(({ version }) => version === true)[0],
      documents: new Set(having(({ type }) => type === JsonType)),
    };
    tables.set(entity, table);
  }
  return table;
}

/** All columns of an entity, to be selected: `select(columnsOf(ProductSchema))`. */
export const columnsOf = <E extends Entity>(entity: E): (keyof RowOf<E> & string)[] =>
  tableOf(entity).properties as (keyof RowOf<E> & string)[];

/** All columns of an entity that is joined with others: `select(columnsIn('variant', VariantSchema))`. */
export const columnsIn = <Alias extends string, E extends Entity>(
  alias: Alias,
  entity: E,
): `${Alias}.${keyof RowOf<E> & string}`[] =>
  tableOf(entity).properties.map((name) => `${alias}.${name}` as `${Alias}.${keyof RowOf<E> & string}`);

/** `"id", "merchant_id" as "merchantId"`: the columns of an entity for a statement in plain SQL. */
export const columnList = (entity: EntitySchema): string =>
  tableOf(entity)
    .properties.map((name) => (columnName(name) === name ? `"${name}"` : `"${columnName(name)}" as "${name}"`))
    .join(', ');
