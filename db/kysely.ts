import { Kysely, PostgresDialect, type PostgresPool } from 'kysely';

/**
 * Kysely over a pool of ours. Several may share one pool; whoever made the pool ends it (`pool.end()`), and nobody
 * calls `destroy()`, which would end it for all.
 */
// biome-ignore lint/suspicious/noExplicitAny: each room names its own tables' types where it reads them
export function kyselyOver<Tables = any>(pool: PostgresPool): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}
