/**
 * A client that prepares repeated statements: `new Pool({ Client: PreparingClient })`. PostgreSQL then parses and plans
 * a statement once per connection instead of at each call, which is about half of its work for short statements. Holds
 * for everything that goes through the pool: our SQL, Kysely and DBOS.
 *
 * Behind PgBouncer in transaction mode it needs PgBouncer >= 1.21 with `max_prepared_statements`. A migration that
 * changes the columns of a statement's result makes it fail once per connection (0A000): drain the pool after one.
 */
import { tracedWithin } from '../platform/telemetry/tracing.ts';
import { CancellingClient } from './cancelling-client.ts';

const PREPARABLE = /^\s*(select|insert|update|delete|with)\b/i;
const MAX_NAMED = 500;
const MAX_SEEN = 5000;

const names = new Map<string, string>();
const seenOnce = new Set<string>();

/** A client that gives repeated statements a name, by which PostgreSQL keeps their plans. */
export class PreparingClient extends CancellingClient {
  // pg has a dozen overloads of `query`; only (text, values) is prepared, every other goes through untouched.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  override query(...call: any[]): any {
    const [text, , callback] = call;
    if (typeof text !== 'string' || callback !== undefined) return this.#send(call);
    const attributes = { 'db.system.name': 'postgresql', 'db.query.text': text };
    return tracedWithin(
      () => `sql ${/\w+/.exec(text)?.[0].toLowerCase() ?? ''}`,
      () => ({ kind: 'client', attributes }),
      () => this.#send(call),
    );
  }

  // biome-ignore lint/suspicious/noExplicitAny: see above
  #send(call: any[]): any {
    const [text, values, callback] = call;
    if (typeof text === 'string' && Array.isArray(values) && values.length > 0) {
      const name = nameOf(text);
      if (name) return super.query({ name, text, values }, callback);
    }
    return (super.query as (...call: unknown[]) => unknown).apply(this, call);
  }
}

/**
 * The name of a statement to prepare. Bounded on both sides, so that statements whose text is made anew each time (long
 * `in` lists) do no harm.
 */
function nameOf(sql: string): string | undefined {
  const known = names.get(sql);
  if (known || names.size >= MAX_NAMED || !PREPARABLE.test(sql)) return known;
  if (!seenOnce.has(sql)) {
    if (seenOnce.size >= MAX_SEEN) seenOnce.clear();
    seenOnce.add(sql);
    return undefined;
  }
  const name = `agora_${names.size}`;
  names.set(sql, name);
  seenOnce.delete(sql);
  return name;
}
