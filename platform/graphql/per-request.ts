import DataLoader from 'dataloader';
import type { RequestContext } from './context.ts';

/** Makes something once for each request, for example a cache that must not outlive it. */
export function perRequest<T>(make: (context: RequestContext) => T): (context: RequestContext) => T {
  const made = new WeakMap<RequestContext, T>();
  return (context) => {
    let value = made.get(context);
    if (value === undefined) made.set(context, (value = make(context)));
    return value;
  };
}

/** Loads a row again that this request may have loaded before it changed it. */
export const reload = <Row>(loader: DataLoader<string, Row>, key: string): Promise<Row> => loader.clear(key).load(key);

/** Largest number of keys that one statement loads. */
const MAX_BATCH = 1000;

/**
 * A loader of one row a key: however many resolvers ask in the same tick, `fetch` runs once. It returns the rows in
 * any order; a key without a row loads as null.
 */
export function loadOne<Row>(
  fetch: (keys: readonly string[], context: RequestContext) => Promise<readonly Row[]>,
  keyOf: (row: Row) => string,
): (context: RequestContext) => DataLoader<string, Row | null> {
  return perRequest(
    (context) =>
      new DataLoader<string, Row | null>(
        async (keys) => {
          const rows = new Map((await fetch(keys, context)).map((row) => [keyOf(row), row]));
          return keys.map((key) => rows.get(key) ?? null);
        },
        { maxBatchSize: MAX_BATCH },
      ),
  );
}

/** A loader of many rows a key, in the order in which `fetch` returns them. A key without rows loads as `[]`. */
export function loadMany<Row>(
  fetch: (keys: readonly string[], context: RequestContext) => Promise<readonly Row[]>,
  keyOf: (row: Row) => string,
): (context: RequestContext) => DataLoader<string, Row[]> {
  return perRequest(
    (context) =>
      new DataLoader<string, Row[]>(
        async (keys) => {
          const groups = Map.groupBy(await fetch(keys, context), keyOf);
          return keys.map((key) => groups.get(key) ?? []);
        },
        { maxBatchSize: MAX_BATCH },
      ),
  );
}
