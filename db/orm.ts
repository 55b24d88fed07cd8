import type { Kysely } from 'kysely';
import { type EntitySchema, MikroORM, type PostgreSqlDriver } from '@mikro-orm/postgresql';
import { BindingDriver } from './binding-driver.ts';

/** What an agent's ORM is made of. */
export interface OrmOptions {
  /** The PostgreSQL schema of the agent. */
  schema: string;
  /** The agent's own entities, and nobody else's. */
  entities: readonly EntitySchema[];
}

/**
 * The agent's unit of work for commands, over the Kysely and so the pool that are there already. It never begins a
 * transaction: a command's is Kysely's, and the unit of work is put into it:
 *
 * ```ts
 * await kysely.transaction().execute(async (trx) => {
 *   const em = orm.em.fork();
 *   em.setTransactionContext(trx);
 *   ... await em.flush();
 * });
 * ```
 * It owns nothing that wants closing; `orm.close()` would end the shared pool.
 */
export async function ormFor(kysely: Kysely<unknown>, { schema, entities }: OrmOptions): Promise<MikroORM> {
  return MikroORM.init({
    driver: BindingDriver as typeof PostgreSqlDriver,
    driverOptions: kysely,
    dbName: 'agora', // Unused with a given Kysely, and asked for all the same.
    schema,
    entities: [...entities],
    metadataCache: { enabled: false },
    ensureDatabase: false,
    // Otherwise every query joins the relations that have filters.
    autoJoinRefsForFilters: false,
    filtersOnRelations: false,
    debug: false,
    discovery: { warnWhenNoEntities: false },
    timezone: 'Z',
  });
}
