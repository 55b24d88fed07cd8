/** GraphQL over HTTP and SSE by graphql-yoga, with our operations in place of its execution. */
import type { ServerResponse } from 'node:http';
import type { ExecutionArgs, ExecutionResult } from 'graphql';
import { createGraphQLError, createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import { documentCaches } from '../../platform/graphql/document-caches.ts';
import { countRejected } from '../operations/count-rejected.ts';
import type { GraphVersion } from '../graph/graph-version.ts';
import { type GraphiqlTab, renderGraphiql } from './graphiql.ts';
import type { Limits } from '../limits/limits.ts';
import { tooManyStreams } from '../limits/place-error.ts';
import { useLimits } from '../limits/use-limits.ts';
import type { HttpStreams } from '../live/http-streams.ts';
import type { ErrorMask } from '../operations/mask-error.ts';
import type { Operation } from '../operations/operation.ts';
import type { Operations } from '../operations/operations.ts';
import type { Caller } from '../identity/session.ts';

/** Context that yoga is given with every request. */
export interface ServerContext {
  caller: Caller;
}

/** The yoga server. Its `getEnveloped` parses and validates for WebSockets too, with the same caches and plugins. */
export type Yoga = YogaServerInstance<ServerContext, object>;

/** Parts of the gateway that the handler works with. */
export interface YogaOptions {
  /** Takes the subscriptions. */
  httpStreams: HttpStreams;
  tabs: readonly GraphiqlTab[];
  limits: Limits;
}

/** Time that a slow reader of events has to read the end of its stream, in milliseconds. */
const FAREWELL_MS = 5000;

/** Makes the handler of `/graphql`. */
export function createYogaHandler(
  graphVersion: GraphVersion,
  operations: Operations,
  mask: ErrorMask,
  { httpStreams, tabs, limits }: YogaOptions,
): Yoga {
  return createYoga<ServerContext, object>({
    schema: graphVersion.schema,
    graphqlEndpoint: '/graphql',
    plugins: [useLimits(limits), useOperations(operations, httpStreams, limits), useMaskedResults(mask)],
    renderGraphiQL: () => renderGraphiql(tabs),
    landingPage: false,
    batching: false,
    multipart: false,
    extraParamNames: ['documentId'],
    maxRequestBodySize: limits.bodyBytes,
    parserAndValidationCache: documentCaches(),
    // Ours: see cors.ts.
    cors: false,
    // Both are ours: see useMaskedResults.
    maskedErrors: false,
    logging: false,
  }) as unknown as Yoga;
}

type Args = ExecutionArgs & { contextValue: ServerContext & { request: Request; res?: ServerResponse } };

function useOperations(operations: Operations, httpStreams: HttpStreams, limits: Limits): Plugin {
  const subscribe = async (operation: Operation): ReturnType<Operations['subscribe']> => {
    if (operation.caller.becomeStream?.() === false) return { errors: [tooManyStreams(limits.streamsPerAddress)] };
    const opened = await operations.subscribe(operation);
    if (Symbol.asyncIterator in opened) httpStreams.add(opened);
    return opened;
  };
  return {
    onExecute({ setExecuteFn }) {
      setExecuteFn(((args: Args) => operations.execute(operationOf(args))) as never);
    },
    onSubscribe({ setSubscribeFn }) {
      setSubscribeFn(((args: Args) => {
        if (args.contextValue.request.method === 'GET') return Promise.resolve({ errors: [subscriptionByGet()] });
        return subscribe(operationOf(args));
      }) as never);
    },
  };
}

const operationOf = ({ document, operationName, variableValues, contextValue }: Args): Operation => {
  const { caller } = contextValue;
  const { signal } = contextValue.request;
  // A client that does not read cannot be told of the end, either: after a while the connection is cut.
  const cutOff = (): void => void setTimeout(() => contextValue.res?.destroy(), FAREWELL_MS).unref();
  return {
    document,
    operationName,
    variables: variableValues,
    caller: { ...caller, signal, cutOff },
  };
};

const subscriptionByGet = (): Error =>
  createGraphQLError('Can only perform a subscription operation from a POST request.', {
    extensions: { code: 'BAD_REQUEST', http: { status: 405, headers: { Allow: 'POST' } } },
  });

/** Masks errors that did not come from our operations: those of reading, parsing and validating a request. */
function useMaskedResults(mask: ErrorMask): Plugin {
  return {
    onResultProcess({ result, setResult, serverContext }) {
      if (!result || Array.isArray(result) || Symbol.asyncIterator in result) return;
      const { caller } = serverContext as unknown as ServerContext;
      const [error] = (result as ExecutionResult).errors ?? [];
      if (error && !mask.isMasked(error)) countRejected(error.extensions?.code);
      setResult(mask.result(result as ExecutionResult, caller.correlationId));
    },
  };
}
