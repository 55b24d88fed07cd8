import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';
import { traceparent } from '../telemetry/tracing.ts';
import { QUEUES } from './queues.ts';
import { storableText } from './storable-input.ts';

/** The DBOS application: one name and one version for all workers, so that any of them resumes any saga. */
export const SAGA_APPLICATION = { name: 'agora', version: 'sagas' } as const;

/** The kind of a saga: its name without the version, `placeOrder` of `placeOrder.v2`. */
export const kindOf = (name: string): string => name.replace(/\.v\d+$/, '');

/**
 * The id of a saga: its kind and its aggregate. A second start with the same id does nothing, also one of another version:
 * so an aggregate has one saga of a kind, and who knows the aggregate knows the saga.
 */
export const sagaId = (name: string, aggregateId: string): string => `${kindOf(name)}:${aggregateId}`;

/** The kind and the subject in a saga's id: `placeOrder:order_01h…`; a sub-saga shares its parent's subject. */
export function partsOf(id: string): { name: string; subjectId: string } {
  const name = id.split(':', 1)[0]!;
  return { name, subjectId: id.slice(name.length + 1).split('/', 1)[0]! };
}

/** The id of a saga that is a step of another: `stock:import_01h…/importProducts/stock`. */
export function subSagaId(parent: string, step: string, name: string): string {
  const colon = parent.indexOf(':');
  return sagaId(name, `${parent.slice(colon + 1)}/${parent.slice(0, colon)}/${step}`);
}

/** Origin of a saga, kept beside its input, so that its work can be traced back to the request. */
export interface SagaOrigin {
  correlationId?: string;
  /** The trace in which it was started, while tracing is on. */
  traceparent?: string;
}

/**
 * The statement that starts a saga, and its parameters. Its queue is that of its definition, once a worker has recorded
 * it; until then it is the ordinary one.
 * @throws Refusal INVALID_INPUT if PostgreSQL could never store a text of the input
 */
export const starting = (
  name: string,
  id: string,
  input: Record<string, unknown>,
  { correlationId }: SagaOrigin = {},
): [sql: string, parameters: unknown[]] => [
  'select platform.start_saga($1, $2, $3::json, $4, $5, $6::json)',
  [
    name,
    id,
    storableText(input),
    QUEUES.ORDINARY.name,
    SAGA_APPLICATION.version,
    JSON.stringify({ correlationId, traceparent: traceparent() }),
  ],
];

/** Starts a saga in the caller's transaction. */
export async function enqueueSaga(
  transaction: Kysely<any>,
  name: string,
  aggregateId: string,
  input: Record<string, unknown>,
  origin: SagaOrigin = {},
): Promise<void> {
  await raw(transaction, ...starting(name, sagaId(name, aggregateId), input, origin));
}

/** Topics that every saga hears: an operator has decided about it (steer), or its subject has ended (end). */
export const OWN_TOPICS = { steer: 'steer', end: 'end' } as const;

/** The statement that sends a message to a saga, and its parameters. */
const telling = (
  id: string,
  topic: string,
  message: unknown,
  key: string,
  queue?: string,
): [sql: string, parameters: unknown[]] => [
  'select platform.signal_saga($1, $2, $3::json, $4, $5)',
  [id, topic, JSON.stringify(message ?? null), key, queue ?? null],
];

/** Sends a message to a saga, in the caller's transaction. The same `key` again does nothing. */
export async function signalSaga(
  transaction: Kysely<any>,
  id: string,
  topic: string,
  message: unknown,
  key: string,
): Promise<void> {
  await raw(transaction, ...telling(id, topic, message, key));
}

/** Has a saga ask for an operator's verdict at once, in the urgent queue. */
export async function steerSaga(transaction: Kysely<any>, id: string, key: string): Promise<void> {
  await raw(transaction, ...telling(id, OWN_TOPICS.steer, null, key, QUEUES.URGENT.name));
}

/** The statement that tells a saga that its subject has ended without it: a failing step is not retried. */
export const callingOff = (id: string, by: string): [sql: string, parameters: unknown[]] =>
  telling(id, OWN_TOPICS.end, { by }, `end:${id}`);
