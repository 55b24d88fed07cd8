/**
 * The pool as DBOS sees it. It tries an operation again when its connection was lost, and hands every other error to
 * the saga as the saga's own: also that the server cancelled a statement that took too long (57014), which DBOS takes
 * for somebody's wish, or that it is in trouble with its files (58…). To DBOS they are told as losses of the
 * connection, so that the one operation is tried again, instead of the whole engine begun anew.
 */
import type { Pool, PoolClient } from 'pg';

const PASSES = /^(57014|58...)$/;
/** admin_shutdown: what DBOS tries again, and what is of the infrastructure (`isTransient`) should it come out all the same. */
const LOST = '57P01';

/** The same pool, whose promises reject so. DBOS asks with promises only. */
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
