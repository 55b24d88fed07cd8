/**
 * The connection pool as DBOS sees it. DBOS retries an operation whose connection was lost, and hands every other error
 * to the saga as the saga's own: also a statement timeout (57014), which DBOS takes for a deliberate cancellation, and
 * system errors of the server (58…). They are presented to DBOS as lost connections, so that the one operation is
 * retried, instead of the whole engine restarted.
 */
import type { Pool, PoolClient } from 'pg';

const PASSES = /^(57014|58...)$/;
/** admin_shutdown: DBOS retries it, and it counts as transient (`isTransient`) should it come out all the same. */
const LOST = '57P01';

/** The same pool with such errors translated. Only its promises are, since DBOS uses no callbacks. */
export const persistentPool = (pool: Pool): Pool =>
  over(pool, {
    query: (...parameters: unknown[]) => told((pool.query as Ask).apply(pool, parameters)),
    connect: async () => clientOf(await pool.connect()),
  });

type Ask = (...parameters: unknown[]) => Promise<unknown>;

const clientOf = (client: PoolClient): PoolClient =>
  over(client, { query: (...parameters: unknown[]) => told((client.query as Ask).apply(client, parameters)) });

async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (!PASSES.test(code ?? '')) throw error;
    throw Object.assign(new Error(message, { cause: error }), { code: LOST });
  }
}

/** An object with some methods in place of its own. */
function over<T extends object>(object: T, methods: Record<string, unknown>): T {
  return new Proxy(object, {
    get(target, name) {
      if (typeof name === 'string' && Object.hasOwn(methods, name)) return methods[name];
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
