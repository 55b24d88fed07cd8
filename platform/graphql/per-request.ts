import DataLoader from 'dataloader';
import type { RequestContext } from './context.ts';

/** What was made for each request, whichever room made it: by the function that makes it. */
const made = new WeakMap<RequestContext, Map<unknown, unknown>>();

/** Makes something once for each request, for example a cache that must not outlive it. */
export function perRequest<T>(make: (context: RequestContext) => T): (context: RequestContext) => T {
  return (context) => {
    let own = made.get(context);
    if (!own) made.set(context, (own = new Map()));
    if (!own.has(make)) own.set(make, make(context));
    return own.get(make) as T;
  };
}

/**
 * Forgets what a request has loaded: it has changed something, and reads anew from now on. Loaders that somebody holds
 * already are emptied and stay.
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
