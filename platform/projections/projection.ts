import type { EntitySchema } from '@mikro-orm/core';
import { tableOf } from '../data/entity-table.ts';
import type { Backfill } from '../consumers/backfill.ts';
import type { EventHandler } from '../consumers/handler.ts';

/**
 * A projection: tables that an agent keeps from others' events, filled from their owners. It has a consumer of its own,
 * and can be rebuilt beside the old tables while these are read (rebuild.ts). `Context` is what its backfill works with.
 */
export interface Projection<Context = any> {
  /** One lower-case word; its consumer is `<agent>.<name>`. */
  name: string;
  /** Counted up when its rows are to hold something else: a process with a higher version asks for a rebuild. From 1. */
  version: number;
  /** Its tables, among those of the room. They have no foreign keys, triggers, views or sequences of their own. */
  entities: readonly EntitySchema[];
  /**
   * They write the projection's tables and read no others, by Kysely without a schema, since a rebuild directs their
   * statements to the second set. They publish nothing and start no saga.
   */
  handlers: readonly EventHandler[];
  /** Makes the reader of pages from the owners; what its pages apply is bound as the handlers are. */
  backfill(context: Context): Backfill;
}

const NAME = /^[a-z][a-z0-9]{0,30}$/;

/**
 * Defines a projection; `projections` of `defineAgent` takes it.
 * @throws Error for a name that is none, a version below 1, or a second handler of a type
 */
export function defineProjection<Context>(projection: Projection<Context>): Projection<Context> {
  const { name, version, handlers } = projection;
  if (!NAME.test(name)) throw new Error(`"${name}" is not a name for a projection: use one lower-case word.`);
  if (!Number.isInteger(version) || version < 1)
    throw new Error(`The version of the projection ${name} is a whole number from 1, not ${version}.`);
  const types = handlers.map(({ type }) => type);
  const twice = types.find((type, at) => types.indexOf(type) !== at);
  if (twice) throw new Error(`The projection ${name} has two handlers for ${twice}.`);
  return projection;
}

/** Where the parts of a projection are in the database. */
export interface Place {
  /** The consumer's name: `customer.orders`. */
  consumer: string;
  /** The consumer's name of a rebuild. */
  next: string;
  /** The schema of a rebuild's tables. */
  nextSchema: string;
  tables: readonly string[];
}

/** The agent of a consumer, by its name: `customer` for `customer.orders`. */
export const agentOf = (consumer: string): string => consumer.split('.')[0]!;

/** Where the parts of an agent's projection are. */
export const placeOf = (agent: string, { name, entities }: Pick<Projection, 'name' | 'entities'>): Place => ({
  consumer: `${agent}.${name}`,
  next: `${agent}.${name}.next`,
  nextSchema: `${agent}_${name}_next`,
  tables: entities.map((entity) => tableOf(entity).name),
});
