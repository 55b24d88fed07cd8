/** One agent's subgraph behind graphql-yoga, which parses, validates and streams; the agent executes. */
import type { ExecutionArgs, ExecutionResult } from 'graphql';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import { Fault } from '../errors.ts';
import type { RequestContext } from '../graphql/context.ts';
import { documentCaches } from '../graphql/document-caches.ts';
import type { Subgraph, SubgraphEndpoint, SubgraphRequest } from '../graphql/subgraph.ts';
import { begunFirst } from './beginning.ts';
import { thrownToWire, toWire } from './wire-error.ts';

/** The server's context of a request. */
interface ServerContext {
  caller: RequestContext;
  /** Whether a gateway's gate has checked it. */
  isChecked: boolean;
}

/** Handles the requests for one agent. */
export type SubgraphYoga = YogaServerInstance<ServerContext, object>;

/**
 * Creates the yoga server of an agent. Its path is the agent's name.
 * @param guarded the same agent, for requests that no gateway has checked
 */
export function subgraphYoga(subgraph: Subgraph, guarded: SubgraphEndpoint): SubgraphYoga {
  return createYoga<ServerContext, object>({
    schema: subgraph.schema,
    graphqlEndpoint: `/${subgraph.name}`,
    plugins: [useSubgraph(subgraph, guarded), useUnderstanding(subgraph.name)],
    graphiql: false,
    landingPage: false,
    batching: false,
    multipart: false,
    // The body was limited and read before: `body-of.ts`.
    maxRequestBodySize: false,
    parserAndValidationCache: documentCaches(),
    cors: false,
    // The gateway masks errors, by their origin.
    maskedErrors: false,
    logging: false,
  }) as unknown as SubgraphYoga;
}

type Args = ExecutionArgs & { contextValue: ServerContext & { params: SubgraphRequest } };

function useSubgraph(subgraph: Subgraph, guarded: SubgraphEndpoint): Plugin {
  const { name } = subgraph;
  const endpointFor = ({ isChecked }: ServerContext): SubgraphEndpoint => (isChecked ? subgraph : guarded);
  return {
    onExecute({ setExecuteFn }) {
      setExecuteFn((async ({ contextValue }: Args) =>
        endpointFor(contextValue)
          .execute(requestOf(contextValue.params), contextValue.caller)
          .then(
            (result) => toWire(name, result),
            (error: unknown) => thrownToWire(name, error),
          )) as never);
    },
    onSubscribe({ setSubscribeFn }) {
      setSubscribeFn((async ({ contextValue }: Args) =>
        subscribeAcross(name, endpointFor(contextValue), contextValue).catch((error: unknown) =>
          thrownToWire(name, error),
        )) as never);
    },
  };
}

const requestOf = ({ query, operationName, variables }: SubgraphRequest): SubgraphRequest => ({
  query,
  operationName: operationName ?? undefined,
  variables: variables ?? undefined,
});

async function subscribeAcross(
  agent: string,
  endpoint: SubgraphEndpoint,
  { caller, params }: Args['contextValue'],
): Promise<AsyncIterable<ExecutionResult> | ExecutionResult> {
  const { promise: begun, resolve: onBegin } = Promise.withResolvers<string>();
  const opened = await endpoint.subscribe(requestOf(params), { ...caller, onBegin });
  return Symbol.asyncIterator in opened ? crossing(agent, opened, begun) : toWire(agent, opened);
}

/** Wraps a subscription's results for the wire. No async generator: its `return` would wait for the pending event. */
function crossing(
  agent: string,
  results: AsyncIterable<ExecutionResult>,
  begun: Promise<string>,
): AsyncIterableIterator<ExecutionResult> {
  const events = results[Symbol.asyncIterator]();
  const next = begunFirst(events, begun);
  const crossed: AsyncIterableIterator<ExecutionResult> = {
    async next() {
      const { value, done } = await next();
      return done ? { done: true, value: undefined } : { done: false, value: toWire(agent, value) };
    },
    async return() {
      await events.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => crossed,
  };
  return crossed;
}

/**
 * Turns an invalid document into a fault: it is no mistake of the client, whose document was checked, but the caller
 * knows another version of this agent, as happens during a rolling upgrade.
 */
function useUnderstanding(agent: string): Plugin {
  return {
    onResultProcess({ result, setResult }) {
      if (!result || Array.isArray(result) || Symbol.asyncIterator in result) return;
      const { errors } = result as ExecutionResult;
      const misfit = errors?.find(({ extensions }) => NOT_UNDERSTOOD.has(String(extensions?.code)));
      if (!misfit) return;
      const message = `The agent ${agent} does not understand the request: ${misfit.message}`;
      setResult(thrownToWire(agent, new Fault('NOT_UNDERSTOOD', message)));
    },
  };
}

const NOT_UNDERSTOOD: ReadonlySet<string> = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
]);
