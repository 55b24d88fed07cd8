/**
 * Idempotency keys, after Stripe (https://docs.stripe.com/api/idempotent_requests): a replay of a key answers with the
 * outcome of the first request; the key with another request is refused. The row is written in the transaction of the
 * effect, so a request that was refused, and wrote nothing, leaves its key free.
 */
import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import { refuse } from '../errors.ts';
import type { RequestContext } from '../graphql/context.ts';
import { asGiven } from '../text/as-given.ts';
import { checkStorable } from '../text/text.ts';
import { inChunks } from './in-chunks.ts';
import { raw, type Statement } from './raw.ts';

/** An idempotency key with its scope (actor and operation), and the request that came with it. */
export interface IdempotencyKey {
  /** The actor's id: another actor's equal key is another key. */
  actor: string;
  /** The mutation. */
  operation: string;
  /** 1 to 255 characters, chosen by the caller. */
  key: string;
  /** The request, as far as a repetition must equal it. Only its hash is kept. */
  request: unknown;
  /**
   * The request in the form of an earlier release, if that differed, so that a request sent to that release can be
   * replayed to this one. For as long as keys are kept.
   */
  formerly?: unknown;
}

/**
 * The key of a mutation, as its input brings it: `store.idempotent({ ...idempotencyOf('placeOrder', input, context),
 * locks }, …)`. The request is the rest of the input.
 */
export function idempotencyOf<Input extends { idempotencyKey: string }>(
  operation: string,
  input: Input,
  context: RequestContext,
) {
  const given = asGiven(input);
  // The release before this one hashed names with the blanks around them.
  const formerly = given && requestOf(given);
  return {
    actor: context.actor.id,
    operation,
    key: input.idempotencyKey,
    request: requestOf(input),
    formerly,
    origin: context,
  };
}

const requestOf = <Input extends { idempotencyKey: string }>({ idempotencyKey: _, ...request }: Input) => request;

/** The longest key, in characters. */
const LONGEST_KEY = 255;

const isLonger = (key: string): boolean => key.length > LONGEST_KEY && Array.from(key).length > LONGEST_KEY;

/** The lock by which equal keys wait for one another, in processes of earlier releases too, so its text must stay. */
export const lockOf = ({ actor, operation, key }: IdempotencyKey): string => `once:${actor}:${operation}:${key}`;

const PATH = ['input', 'idempotencyKey'];

/** Checks a key before anything is asked of PostgreSQL, its lock included. @throws Refusal INVALID_INPUT */
export function checkKey({ key }: IdempotencyKey): void {
  checkStorable(key, PATH);
  if (key.length < 1 || isLonger(key))
    throw refuse('INVALID_INPUT', 'The idempotency key must have 1 to 255 characters.', PATH);
}

/** The outcome of an earlier request with this key. @throws Refusal IDEMPOTENCY_KEY_REUSED, INVALID_INPUT */
export async function earlierOutcome(
  transaction: Kysely<any>,
  schema: string,
  idempotency: IdempotencyKey,
): Promise<{ outcome: unknown } | undefined> {
  checkKey(idempotency);
  const { rows } = await raw<{ request_hash: string; outcome: unknown }>(
    transaction,
    `select request_hash, outcome from "${schema}".idempotency where actor = $1 and operation = $2 and key = $3`,
    [idempotency.actor, idempotency.operation, idempotency.key],
  );
  const row = rows[0];
  if (!row) return undefined;
  const isSame = [idempotency.request, idempotency.formerly].some(
    (one) => one !== undefined && row.request_hash === hashOf(one),
  );
  if (!isSame) {
    throw refuse(
      'IDEMPOTENCY_KEY_REUSED',
      'This idempotency key was used for another request. Send a new key with a new request.',
      PATH,
    );
  }
  return { outcome: row.outcome };
}

/** The statement that keeps the outcome under the key. */
export const keeping = (schema: string, idempotency: IdempotencyKey, outcome: unknown): Statement => [
  `insert into "${schema}".idempotency (actor, operation, key, request_hash, outcome) values ($1, $2, $3, $4, $5)`,
  [
    idempotency.actor,
    idempotency.operation,
    idempotency.key,
    hashOf(idempotency.request),
    JSON.stringify(outcome ?? null),
  ],
];

/** Retention of a client's key: clients replay a request within days. */
const KEPT_DAYS = 30;
const CHUNK = 1000;

/**
 * SQL condition for keys of saga steps: those of `doOnce` and `undoOnce` (undoable.ts), and of commands between agents.
 * Its negation is the condition of the index in idempotency-of-clients.sql.
 */
const OF_SAGAS = `(actor = 'saga' or starts_with(actor, 'agent:'))`;

/** Options for forgetting the keys of one agent. */
export interface ForgetOptions {
  schema: string;
  now: Date;
  signal: AbortSignal;
}

/**
 * Deletes keys that are older than 30 days, in chunks, and returns their number. Saga steps are retried without limit,
 * so their keys have no fixed age: they stay while a saga is under way that is as old as they are.
 */
export async function forgetOldKeys(kysely: Kysely<any>, options: ForgetOptions): Promise<number> {
  const limit = new Date(options.now.getTime() - KEPT_DAYS * 86_400_000);
  const ofClients = await forget(kysely, options, { whose: `not ${OF_SAGAS}`, limit });
  const { rows } = await raw<{ since: Date }>(kysely, 'select since from platform.saga_horizon', []);
  const since = rows[0]?.since;
  if (!since) return ofClients;
  return ofClients + (await forget(kysely, options, { whose: OF_SAGAS, limit: since < limit ? since : limit }));
}

/** Deletes keys that are older than the limit, chunk by chunk, each from where the one before it ended. */
async function forget(
  kysely: Kysely<any>,
  { schema, signal }: Pick<ForgetOptions, 'schema' | 'signal'>,
  { whose, limit }: { whose: string; limit: Date },
): Promise<number> {
  let from = '-infinity';
  return inChunks(CHUNK, signal, async (size) => {
    const { rows } = await raw<{ count: number; last: string | null }>(
      kysely,
      // By ctid, which is stable here: the rows are written once and never updated.
      `with gone as
         (delete from "${schema}".idempotency where ctid = any(array
            (select ctid from "${schema}".idempotency
              where ${whose} and created_at >= $1 and created_at < $2 order by created_at limit $3))
          returning created_at)
       select count(*)::int as count, max(created_at)::text as last from gone`,
      [from, limit.toISOString(), size],
    );
    const { count, last } = rows[0]!;
    from = last ?? from;
    return count;
  });
}

/** The hash that is kept of a request: equal for equal requests, however they were written. */
export const hashOf = (request: unknown): string => createHash('sha256').update(canonical(request)).digest('base64url');

/** JSON with sorted keys and without absent ones: equal requests give equal text, however they were written. */
function canonical(value: unknown): string {
  if (typeof value === 'bigint') return `"${value}"`;
  if (value instanceof Date) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const fields = Object.entries(value).filter(([, v]) => v !== undefined && v !== null);
    return `{${fields
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`)
      .join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
