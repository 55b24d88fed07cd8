import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';
import { traceparent } from '../telemetry/tracing.ts';

/** The queue that saga workers take from, and the one version under which all of them run. */
export const SAGA_QUEUE = 'sagas';
/** The DBOS application: one name and one version for all workers, so that any of them resumes any saga. */
export const SAGA_APPLICATION = { name: 'agora', version: 'sagas' } as const;

/** The id of a saga: its name and the aggregate that it is about. A second start of the same does nothing. */
export const sagaId = (name: string, aggregateId: string): string => `${name}:${aggregateId}`;

/** The id of a saga that is a step of another: `stock:import_01h…/importProducts/stock`. */
export function subSagaId(parent: string, step: string, name: string): string {
  const colon = parent.indexOf(':');
  return sagaId(name, `${parent.slice(colon + 1)}/${parent.slice(0, colon)}/${step}`);
}

/** What started a saga: kept beside its input, so that what it does can be followed back to the request. */
export interface SagaOrigin {
  correlationId?: string;
  /** The trace in which it was started, while tracing is on. */
  traceparent?: string;
}

/** What starts a saga: the statement and its parameters. */
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
    JSON.stringify(input),
    SAGA_QUEUE,
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

/** Sends a saga what it waits for, in the caller's transaction. The same `key` again does nothing. */
export async function signalSaga(
  transaction: Kysely<any>,
  id: string,
  topic: string,
  message: unknown,
  key: string,
): Promise<void> {
  await raw(transaction, `select dbos.send_message($1, $2::json, $3, $4)`, [id, JSON.stringify(message), topic, key]);
}
