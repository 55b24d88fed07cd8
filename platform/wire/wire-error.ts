/**
 * Errors on the wire. In process, a GraphQL error carries its original error, by which the gateway decides what a
 * client may read, and a command whether to retry. So the deciding facts cross the wire in `extensions.origin`, and
 * become an error of the same class on the other side. The text of a defect stays here, in the log: it may name hosts
 * and more.
 */
import { type ExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql';
import {
  AgoraError,
  Fault,
  Forbidden,
  isTransient,
  isUnstorable,
  Refusal,
  type Severity,
  Unauthenticated,
  Unavailable,
  type UserError,
  originOf,
} from '../errors.ts';
import { beginningIn } from './beginning.ts';

type Kind = 'UNAVAILABLE' | 'REFUSAL' | 'UNAUTHENTICATED' | 'FORBIDDEN' | 'FAULT' | 'AGORA' | 'ERROR';

interface Origin {
  kind: Kind;
  /** For a defect, the driver's error code, if any. */
  code?: string;
  message: string;
  severity?: Severity;
  userErrors?: readonly UserError[];
}

/** Converts a result for the wire: its errors get their origin. */
export function toWire(agent: string, result: ExecutionResult): ExecutionResult {
  if (!result.errors) return result;
  return { ...result, errors: result.errors.map((error) => errorToWire(agent, error)) };
}

/** Converts a thrown error to a result for the wire. */
export const thrownToWire = (agent: string, error: unknown): ExecutionResult =>
  toWire(agent, { errors: [new GraphQLError(`The agent ${agent} failed.`, { originalError: asError(error) })] });

/** Converts a result from the wire back, as if it had been executed here. */
export function fromWire(agent: string, result: WireResult): ExecutionResult {
  const { data, errors, extensions } = result;
  return {
    ...(data !== undefined && { data }),
    ...(errors && { errors: errors.map((error) => errorFromWire(agent, error)) }),
    ...(extensions && { extensions }),
  } as ExecutionResult;
}

/** The JSON form of an `ExecutionResult`. */
export interface WireResult {
  data?: Record<string, unknown> | null;
  errors?: readonly GraphQLFormattedError[];
  extensions?: Record<string, unknown>;
}

/** Whether this is a GraphQL result. */
export const isResult = (value: unknown): value is WireResult =>
  typeof value === 'object' &&
  value !== null &&
  ('data' in value || Array.isArray((value as { errors?: unknown }).errors) || beginningIn(value) !== undefined);

function errorToWire(agent: string, error: GraphQLError): GraphQLError {
  const cause = originOf(error.originalError);
  const { stacktrace: _, origin: __, ...extensions } = error.extensions ?? {};
  if (cause === undefined || cause instanceof GraphQLError)
    return new GraphQLError(error.message, { path: error.path, extensions });
  const origin = crossing(agent, cause);
  return new GraphQLError(origin.message, { path: error.path, extensions: { ...extensions, origin } });
}

function crossing(agent: string, cause: unknown): Origin {
  // Only a code crosses, since other texts of a driver stay here.
  const code = isUnstorable(cause) ? '22021' : (cause as { code?: unknown } | null)?.code;
  if (isTransient(cause)) {
    const message =
      cause instanceof AgoraError && !cause.cause ? cause.message : `The agent ${agent} cannot answer now.`;
    return { kind: 'UNAVAILABLE', message };
  }
  if (!(cause instanceof AgoraError))
    return { kind: 'ERROR', message: `The agent ${agent} failed.`, ...(typeof code === 'string' && { code }) };
  const { message, severity } = cause;
  return { kind: kindOf(cause), code: cause.code, message, severity, userErrors: (cause as Refusal).userErrors };
}

function kindOf(error: AgoraError): Kind {
  if (error instanceof Refusal) return 'REFUSAL';
  if (error instanceof Unauthenticated) return 'UNAUTHENTICATED';
  if (error instanceof Forbidden) return 'FORBIDDEN';
  return error instanceof Fault ? 'FAULT' : 'AGORA';
}

function errorFromWire(agent: string, { message, path, extensions }: GraphQLFormattedError): GraphQLError {
  const { origin, ...rest } = (extensions ?? {}) as { origin?: Origin } & Record<string, unknown>;
  const originalError = origin && rebuilt(origin, agent);
  return new GraphQLError(message, { path, extensions: rest, originalError });
}

function rebuilt({ kind, code = 'FAILED', message, severity, userErrors = [] }: Origin, agent: string): Error {
  switch (kind) {
    case 'UNAVAILABLE':
      return new Unavailable(message);
    case 'REFUSAL':
      return new Refusal(userErrors);
    case 'UNAUTHENTICATED':
      return new Unauthenticated(message);
    case 'FORBIDDEN':
      return new Forbidden(message);
    case 'FAULT':
      return new Fault(code, message, { severity });
    case 'AGORA':
      return new AgoraError(code, message, { severity });
    default:
      // With the driver's code, which tells of a text that cannot be stored.
      return Object.assign(new Error(`The agent ${agent} failed.`), { code });
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
