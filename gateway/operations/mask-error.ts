/**
 * The one place that decides what a client may read of an error. A refusal of permission, and an error that a client
 * can mend, keeps its message; everything else is a fault of ours: the client gets a sentence and an id, the log gets
 * the error.
 */
import { type ExecutionResult, GraphQLError } from 'graphql';
import { AgoraError, Fault, isTransient, isUnstorable, originOf, shortened } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import { UNSTORABLE_MESSAGE } from '../../platform/text/storable.ts';
import { AgentAway } from './agent-away.ts';

/** Codes of GraphQL errors that a client causes and can mend. Their messages are written for it. */
export const CLIENT_CODES: ReadonlySet<string> = new Set([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'OPERATION_TOO_LARGE',
  'REQUEST_ENTITY_TOO_LARGE',
  'COST_EXCEEDED',
  'RATE_LIMITED',
  'OPERATION_NOT_TRUSTED',
  'PERSISTED_QUERY_NOT_FOUND',
  'CURSOR_EXPIRED',
  'NOT_FOUND',
  'GRAPH_CHANGED',
  'SLOW_CONSUMER',
  'CLIENT_GONE',
]);

/** Message of a fault: it tells only that the fault is ours. */
export const INTERNAL_MESSAGE = 'Something went wrong on our side.';

/** Message of a transient failure: trying again helps, and is safe. */
export const UNAVAILABLE_MESSAGE =
  'Agora cannot do this right now. Try again in a few seconds, a mutation with the same idempotencyKey: nothing happens twice.';

/** Seconds after which a retry may succeed. */
export const RETRY_AFTER_SECONDS = 2;

/** Masks errors and results. */
export interface ErrorMask {
  /** The error as a client may read it. A masked error comes back as it is. */
  error(error: unknown, correlationId: string): GraphQLError;
  /** Whether an error has been masked: then it came out of an execution, or of preparing one. */
  isMasked(error: GraphQLError): boolean;
  /** The agent whose field a masked error is about, if it is about one. */
  agentOf(error: GraphQLError): string | undefined;
  /** The result with its errors masked. */
  result(result: ExecutionResult, correlationId: string): ExecutionResult;
}

/**
 * A mask that writes hidden errors to the log. Without suggestions, errors do not tell names that were not asked for.
 */
export function createErrorMask(log: Pick<Logger, 'error' | 'warn'>, { suggestions = true } = {}): ErrorMask {
  /** Masked errors, and the agent that each came from. */
  const masked = new WeakMap<GraphQLError, string | undefined>();

  const mask = (error: unknown, correlationId: string): GraphQLError => {
    if (error instanceof GraphQLError && masked.has(error)) return error;
    const shown = clientError(suggestions ? error : unsuggestive(error)) ?? hide(error, correlationId, log);
    masked.set(shown, agentBehind(error));
    return shown;
  };

  return {
    error: mask,
    isMasked: (error) => masked.has(error),
    agentOf: (error) => masked.get(error),
    result(result, correlationId) {
      const errors = [...(result.errors ?? []), ...valueCompletionErrors(result)];
      if (errors.length === 0) return result;
      const { extensions: { valueCompletion: _, ...extensions } = {}, ...rest } = result;
      return {
        ...rest,
        errors: errors.map((error) => mask(error, correlationId)),
        ...(Object.keys(extensions).length > 0 && { extensions }),
      };
    },
  };
}

function agentBehind(error: unknown): string | undefined {
  const name = error instanceof GraphQLError ? error.extensions.serviceName : undefined;
  return typeof name === 'string' ? name : undefined;
}

/**
 * `Cannot query field "nam" on type "User". Did you mean "name"?` tells the schema to a client that guesses long
 * enough.
 */
function unsuggestive(error: unknown): unknown {
  if (!(error instanceof GraphQLError) || !SUGGESTIVE.has(String(error.extensions.code))) return error;
  const message = error.message.replace(/ ?Did you mean [^?]*\?/g, '');
  return message === error.message ? error : rebuilt(error, message, error.extensions);
}

const SUGGESTIVE: ReadonlySet<string> = new Set(['GRAPHQL_VALIDATION_FAILED', 'BAD_USER_INPUT']);

/** The error as the client may read it, or undefined if it may not. */
function clientError(error: unknown): GraphQLError | undefined {
  const cause = originOf(error);
  if (cause instanceof AgoraError && !(cause instanceof Fault)) {
    return rebuilt(error, cause.message, { code: cause.code });
  }
  if (isUnstorable(cause)) {
    return rebuilt(error, UNSTORABLE_MESSAGE, { code: 'BAD_USER_INPUT' });
  }
  if (!(error instanceof GraphQLError) || !CLIENT_CODES.has(String(error.extensions.code))) return undefined;
  const { serviceName: _service, stacktrace: _stack, exception: _exception, ...extensions } = error.extensions;
  return rebuilt(error, error.message, extensions);
}

function hide(error: unknown, correlationId: string, log: Pick<Logger, 'error' | 'warn'>): GraphQLError {
  const cause = originOf(error);
  const isPassing = isTransient(cause);
  const { path, extensions } =
    error instanceof GraphQLError ? error : { path: undefined, extensions: {} as { serviceName?: unknown } };
  const fields = { err: cause, correlationId, path, agent: extensions.serviceName };
  if (isNews(cause)) {
    if (isPassing) log.warn(fields, 'an agent is unavailable');
    else log.error(fields, 'an operation failed');
  }
  return isPassing
    ? rebuilt(error, cause instanceof AgentAway ? cause.message : UNAVAILABLE_MESSAGE, {
        code: 'UNAVAILABLE',
        ...(cause instanceof AgentAway && { agent: cause.agent }),
        retryAfterSeconds: RETRY_AFTER_SECONDS,
        correlationId,
      })
    : rebuilt(error, INTERNAL_MESSAGE, { code: 'INTERNAL_SERVER_ERROR', correlationId });
}

const told = new WeakSet<object>();

/** Whether a cause is not in the log yet: one failure may cost many fields, and has one line. */
function isNews(cause: unknown): boolean {
  if (typeof cause !== 'object' || cause === null) return true;
  if (told.has(cause)) return false;
  told.add(cause);
  return true;
}

/** The same place in the operation, without the error it came from. */
const rebuilt = (error: unknown, message: string, extensions: Record<string, unknown>): GraphQLError =>
  error instanceof GraphQLError
    ? new GraphQLError(shortened(message), {
        nodes: error.nodes,
        source: error.source,
        positions: error.positions,
        path: error.path,
        extensions,
      })
    : new GraphQLError(shortened(message), { extensions });

/**
 * Where no agent reports an error but a value that must not be null is, Apollo reports it in this extension; a client
 * looks in `errors`. An agent that answers null where it promised none reports it itself, and a reference that may be
 * null is null without an error (`references.ts`). So this is a reference that must not be null: its entity is gone, or
 * is not the caller's.
 */
function valueCompletionErrors(result: ExecutionResult): GraphQLError[] {
  const found = (result.extensions?.valueCompletion ?? []) as { message: string; path?: (string | number)[] }[];
  return found.map(({ path }) => {
    const message = 'What is asked for here refers to something that is not there, or is not yours to see.';
    return new GraphQLError(message, { path, extensions: { code: 'NOT_FOUND' } });
  });
}
