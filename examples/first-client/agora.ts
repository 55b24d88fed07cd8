/** The connection to Agora: typed questions over HTTP, live updates over a WebSocket. */
import { createClient } from 'graphql-ws';
import type { TypedDocumentString } from './gql/graphql.ts';
import type { Headers, Session } from './sign-in.ts';

/** The address of Agora's API. */
export const AGORA_URL = process.env.AGORA_URL ?? 'http://127.0.0.1:4000/graphql';

/** Asks a query or mutation. @throws Error that says what is wrong, if there is no complete answer */
export async function ask<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  headers?: Headers,
): Promise<Data> {
  const response = await fetch(AGORA_URL, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: document.toString(), variables }),
    signal: AbortSignal.timeout(10_000),
  }).catch((error: Error) => {
    const remedy = 'Is it running? Start it with `npm start`, or give its address in AGORA_URL.';
    throw new Error(`Agora does not answer at ${AGORA_URL}. ${remedy}`, { cause: error });
  });
  const { data, errors } = (await response.json()) as { data?: Data; errors?: { message: string }[] };
  if (errors?.length) throw new Error(errors.map(({ message }) => message).join('\n'));
  return data!;
}

/** Errors of an operation, as Agora answers them. */
type OperationErrors = readonly { message: string; extensions?: { code?: unknown } }[];

/** Transient errors: they end a subscription that may be resumed at once, or soon. */
const PASSING = new Set(['UNAUTHENTICATED', 'GRAPH_CHANGED', 'SLOW_CONSUMER', 'UNAVAILABLE']);
/** The socket's token has expired: graphql-ws takes this code for the end, whatever `shouldRetry` says. */
const TOKEN_EXPIRED = 4401;
/** Backoff with jitter, before a new attempt to connect and before a subscription is resumed: up to half a minute. */
const pause = (attempts = 0): Promise<void> => {
  const ms = Math.min(1000 * 2 ** attempts, 30_000) * (0.5 + Math.random() / 2);
  return new Promise((resolve) => setTimeout(resolve, ms));
};

/**
 * Follows a subscription, each answer as it comes, for as long as the session can be renewed. When the connection breaks
 * it is opened again, and the subscription resumes after the last cursor: nothing is missed and nothing comes twice.
 * A field that could not be had is null in its answer.
 * @throws Error that says what is wrong, if it cannot go on
 */
export async function* follow<Data, Variables extends { after?: string | null }>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  cursorOf: (data: Data) => string,
  session: Session,
): AsyncGenerator<Data> {
  let renewal: ReturnType<typeof setInterval> | undefined;
  const client = createClient({
    url: AGORA_URL.replace(/^http/, 'ws'),
    connectionParams: async () => ({ ...(await session.headers()) }),
    retryAttempts: Infinity,
    retryWait: pause,
    shouldRetry: () => true,
    on: {
      // A socket lives as long as the newest token that it was given: here, in a ping.
      connected: (socket) => (renewal = setInterval(() => void renew(socket as WebSocket, session), session.renewMs)),
      closed: () => clearInterval(renewal),
    },
  });
  // The variables are read anew at every connection, so the next one resumes from the cursor that is set here.
  const payload = { query: document.toString(), variables: { ...variables } };
  try {
    for (;;) {
      let end: unknown;
      try {
        for await (const { data, errors } of client.iterate<Data>(payload)) {
          if (data) {
            payload.variables.after = cursorOf(data);
            yield data;
          } else end = errors;
        }
        if (end === undefined) return;
      } catch (error) {
        end = error;
      }
      const problem = problemOf(end);
      if (problem) throw problem;
      // As after an hour of sleep, when no ping was sent in time; or the session was ended, and this says so.
      if (isTokenRefused(end)) await session.renew().catch(unlessRefused);
      await pause();
    }
  } finally {
    clearInterval(renewal);
    await client.dispose();
  }
}

/** What ends a subscription for good; undefined if it may be resumed. */
function problemOf(end: unknown): Error | undefined {
  if (Array.isArray(end)) {
    const errors = end as OperationErrors;
    const isPassing = errors.every(({ extensions }) => PASSING.has(String(extensions?.code)));
    return isPassing ? undefined : new Error(errors.map(({ message }) => message).join('\n'));
  }
  if (end instanceof Error) return end;
  const { code, reason } = end as CloseEvent;
  return code === TOKEN_EXPIRED ? undefined : new Error(`The connection was closed: ${reason || code}`);
}

/** Whether the token was refused: it has expired, or its session was ended. */
const isTokenRefused = (end: unknown): boolean =>
  Array.isArray(end)
    ? (end as OperationErrors).some(({ extensions }) => extensions?.code === 'UNAUTHENTICATED')
    : (end as CloseEvent).code === TOKEN_EXPIRED;

/** Lets what may pass be tried again: only a refusal ends the session. */
function unlessRefused(error: unknown): void {
  if (error instanceof Refused) throw error;
}

async function renew(socket: WebSocket, session: Session): Promise<void> {
  // Without an answer now, the next ping comes in time; or the socket ends, and another is opened.
  const payload = await session.headers().catch(() => undefined);
  if (payload && socket.readyState === socket.OPEN) socket.send(JSON.stringify({ type: 'ping', payload }));
}

/** What a mutation was refused with: sending it again does not help. */
export class Refused extends Error {}

/** Unwraps the payload of a mutation. @throws Refused with its user errors */
export function accepted<Payload extends { userErrors: { message: string }[] }>(payload: Payload | null): Payload {
  if (!payload) throw new Error('The mutation answered nothing.');
  if (payload.userErrors.length) throw new Refused(payload.userErrors.map(({ message }) => message).join('\n'));
  return payload;
}
