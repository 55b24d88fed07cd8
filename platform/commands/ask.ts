/**
 * Commands: one agent asks another by a field of the other's subgraph. The document names one agent and goes straight
 * to it, in process or over HTTP; no gateway stands in the path. `npm run codegen` types the documents.
 */
import { type ExecutionResult, GraphQLError } from 'graphql';
import { Fault, isTransient, isUnstorable, NeverWorks, Refusal, Unavailable, type UserError } from '../errors.ts';
import type { RequestContext } from '../graphql/context.ts';
import type { Subgraph } from '../graphql/subgraph.ts';
import { serviceActor } from '../identity/actor.ts';
import { newId } from '../ids.ts';
import { Breakers, type Guards } from '../resilience/breakers.ts';
import { POLICIES } from '../resilience/policies.ts';

/** A typed document and the agent that it asks. The type parameters exist for the compiler only. */
export interface Command<Data, Variables> {
  readonly agent: string;
  readonly document: string;
  readonly types?: (variables: Variables) => Data;
}

/** A command's document. Written by the code generator. */
export const command = <Data, Variables>(agent: string, document: string): Command<Data, Variables> => ({
  agent,
  document,
});

/** Options of a command. */
export interface AskOptions {
  /** The request that it belongs to: its correlation id and signal are passed on. */
  within?: Pick<RequestContext, 'correlationId' | 'signal'>;
  /** The actor whose permissions are used in place of the agent's: for reads on a user's behalf. */
  as?: RequestContext['actor'];
}

/** Asks another agent. @throws Unavailable if it cannot be reached or answers with a transient fault @throws Fault */
export type Ask = <Data, Variables>(
  command: Command<Data, Variables>,
  variables: Variables,
  options?: AskOptions,
) => Promise<Data>;

/** Finds an agent's subgraph, in this process or behind HTTP. */
export type Reach = (agent: string) => Pick<Subgraph, 'execute'> | undefined;

/**
 * Creates the function by which one agent asks the others, each behind a guard of its own: a timeout (the caller
 * retries with the same idempotency key) and a circuit breaker. The breaker counts missing answers alone. A refusal or
 * a fault is an answer: a single order that always fails must not cut the agent off for all the others.
 */
export function createAsk(from: string, reach: Reach, guards: Guards = new Breakers().of(from)): Ask {
  const service = serviceActor(from);
  return async <Data, Variables>(
    { agent, document }: Command<Data, Variables>,
    variables: Variables,
    options: AskOptions = {},
  ) => {
    const request = { query: document, variables: variables as Record<string, unknown> };
    const caller = { actor: options.as ?? service, correlationId: options.within?.correlationId ?? newId('req') };
    const guard = guards(`agent:${agent}`, { policy: POLICIES.command });
    const result = await guard.execute(async (signal) => {
      const subgraph = reach(agent);
      if (!subgraph) throw new Unavailable(`The agent ${agent} cannot be reached.`);
      return subgraph.execute(request, { ...caller, signal });
    }, options.within?.signal);
    return dataOf<Data>(agent, result);
  };
}

function dataOf<Data>(agent: string, result: ExecutionResult): Data {
  const error = result.errors?.[0];
  if (!error) return result.data as Data;
  const cause = error.originalError ?? error;
  if (isTransient(cause) || error.extensions?.code === 'UNAVAILABLE') {
    throw new Unavailable(`The agent ${agent} cannot answer now: ${error.message}`, { cause });
  }
  // A text from a client, which only passed through here: the client can mend it.
  if (isUnstorable(cause)) throw cause;
  // A value that the agent's schema or resolver refuses: a permanent error. Not so an invalid document or an unknown
  // input field: then the agent is of another release, which is transient.
  if (error.extensions?.code === 'BAD_USER_INPUT')
    throw new NeverWorks(`The agent ${agent} cannot do this: ${error.message}`, { cause });
  if (isMisfit(result, cause))
    throw new Fault(NOT_UNDERSTOOD, `The agent ${agent} does not know such a command: ${error.message}`, { cause });
  throw new Fault('COMMAND_FAILED', `The agent ${agent} failed: ${error.message}`, { cause });
}

/** The code that the agent's server gives of a document that does not fit (platform/wire/subgraph-yoga.ts). */
const NOT_UNDERSTOOD = 'NOT_UNDERSTOOD';

/** Whether an error of the request, which leaves no data, is about something that the agent's schema does not have. */
function isMisfit({ data, errors }: ExecutionResult, cause: Error & { code?: unknown }): boolean {
  if (data !== undefined) return false;
  const [error] = errors!;
  const isOfRequest = cause === error || cause instanceof GraphQLError;
  return cause.code === NOT_UNDERSTOOD || (isOfRequest && error?.extensions?.code === undefined);
}

/**
 * Whether a command failed because its agent, of another release, does not know a field or a value of it. Nothing was
 * carried out, so a command that the other release knows may be asked in its place.
 */
export const isNotUnderstood = (error: unknown): boolean => error instanceof Fault && error.code === NOT_UNDERSTOOD;

/** Returns the payload of a command that was accepted. @throws Refusal with the payload's user errors if it was not */
export function accepted<Payload extends { userErrors: readonly { code: string; message: string }[] }>(
  payload: Payload | null | undefined,
): Payload {
  if (!payload) throw new Fault('COMMAND_FAILED', 'The command answered nothing.');
  if (payload.userErrors.length) throw new Refusal(payload.userErrors as readonly UserError[]);
  return payload;
}
