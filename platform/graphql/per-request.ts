import DataLoader from 'dataloader';
import type { RequestContext } from './context.ts';

/** Values made for each request, of all rooms, by the function that makes them. */
const made = new WeakMap<RequestContext, Map<unknown, unknown>>();

/** Memoises a value per request, for example a cache that must not outlive it. */
export function perRequest<T>(make: (context: RequestContext) => T): (context: RequestContext) => T {
  return (context) => {
    let own = made.get(context);
    if (!own) made.set(context, (own = new Map()));
    if (!own.has(make)) own.set(make, make(context));
    return own.get(make) as T;
  };
}

/**
 * Clears the caches of a request after a change, so that it reads anew. Loaders are emptied in place, since callers may
 * hold them.
 */
export function forgetLoaded(context: RequestContext): void {
  const own = made.get(context);
  for (const [make, value] of own ?? []) {
    if (value instanceof DataLoader) value.clearAll();
    else own!.delete(make);
  }
}

/** Largest number of keys that one statement loads. */
const MAX_BATCH = 1000;

/**
 * A loader of one row per key: for all resolvers that ask in the same tick `fetch` runs once. It returns the rows in
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

/** A loader of many rows per key, in the order in which `fetch` returns them. A key without rows loads as `[]`. */
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
