import type { IncomingMessage } from 'node:http';
import { type ExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { RequestContext } from '../../platform/graphql/context.ts';
import type { SubgraphEndpoint, SubgraphRequest } from '../../platform/graphql/subgraph.ts';
import { withDeadline } from '../../platform/wire/deadline.ts';
import { eventStream } from '../../platform/wire/event-stream.ts';
import { NoAnswer, onlyReads, textOf, type Transport } from '../../platform/wire/transport.ts';
import { AgentAway } from '../operations/agent-away.ts';

/** Largest answer, in bytes. */
const MAX_ANSWER = 64 * 1024 * 1024;
/** How long an answer may take, in milliseconds. */
const TIMEOUT_MS = 30_000;

/** Any subgraph behind GraphQL over HTTP that is not one of ours: asked without signature, subscribed to by SSE. */
export function plainSubgraph(name: string, url: string, transport: Transport): SubgraphEndpoint {
  const send = (request: SubgraphRequest, accept: string, signal: AbortSignal): Promise<IncomingMessage> =>
    transport.post({
      url,
      headers: { 'content-type': 'application/json', accept },
      body: Buffer.from(JSON.stringify(request)),
      signal,
      isStream: accept.startsWith('text/event-stream'),
    });
  const ask = <T>({ signal }: RequestContext, work: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    withDeadline(TIMEOUT_MS, signal, () => new AgentAway(name), work).catch((error: unknown) => {
      throw signal?.aborted ? error : new AgentAway(name, { cause: error });
    });

  return {
    name,
    execute: (request, context) =>
      ask(context, async (signal) => {
        const once = async (): Promise<ExecutionResult> => {
          const response = await send(request, 'application/graphql-response+json, application/json', signal);
          return resultOf(await textOf(response, MAX_ANSWER, signal));
        };
        // The subgraph's server may close an idle connection just when we use it: a request that only reads is retried
        // once.
        const again = (error: unknown): Promise<ExecutionResult> => {
          if (error instanceof NoAnswer && onlyReads(request.query)) return once();
          throw error;
        };
        return once().catch(again);
      }),
    subscribe: (request, context) =>
      ask(context, async (opening) => {
        const response = await send(request, 'text/event-stream, application/json', context.signal ?? opening);
        if (!/^text\/event-stream\b/.test(response.headers['content-type'] ?? ''))
          return resultOf(await textOf(response, MAX_ANSWER, opening));
        return results(eventStream(response, () => new AgentAway(name)));
      }),
  };
}

function results(texts: AsyncIterableIterator<string>): AsyncIterableIterator<ExecutionResult> {
  const iterator: AsyncIterableIterator<ExecutionResult> = {
    async next() {
      const { value, done } = await texts.next();
      return done ? { done: true, value: undefined } : { done: false, value: resultOf(value) };
    },
    async return() {
      await texts.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}

function resultOf(text: string): ExecutionResult {
  const { data, errors } = JSON.parse(text) as { data?: object; errors?: GraphQLFormattedError[] };
  return {
    data: data as ExecutionResult['data'],
    ...(errors && { errors: errors.map(({ message, ...rest }) => new GraphQLError(message, rest)) }),
  };
}
