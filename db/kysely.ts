import { Kysely, PostgresDialect, type PostgresPool, type QueryCompiler } from 'kysely';
import { PropertyNamesCompiler } from './property-names.ts';

class PropertyNamesDialect extends PostgresDialect {
  override createQueryCompiler(): QueryCompiler {
    return new PropertyNamesCompiler();
  }
}

/**
 * Kysely over a pool of ours, with columns in the names of properties ({@link PropertyNamesCompiler}). Several may
 * share one pool; the maker of the pool ends it (`pool.end()`), and `destroy()` is never called: it would end the pool
 * for all.
 * @param onError is called with the error of every statement that fails.
 */
// biome-ignore lint/suspicious/noExplicitAny: each room names its own tables' types where it reads them
export function kyselyOver<Tables = any>(pool: PostgresPool, onError?: (error: unknown) => void): Kysely<Tables> {
  const dialect = new PropertyNamesDialect({ pool });
  if (!onError) return new Kysely<Tables>({ dialect });
  return new Kysely<Tables>({ dialect, log: (event) => void (event.level === 'error' && onError(event.error)) });
}
