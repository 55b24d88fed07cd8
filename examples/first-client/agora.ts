/** The connection to Agora: typed questions over HTTP, live updates over a WebSocket. */
import { createClient } from 'graphql-ws';
import type { TypedDocumentString } from './gql/graphql.ts';

/** Where Agora answers. */
export const AGORA_URL = process.env.AGORA_URL ?? 'http://127.0.0.1:4000/graphql';

type Headers = { authorization?: string };

/** Asks a query or mutation. @throws Error that says what is wrong, if there is no complete answer */
export async function ask<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  headers: Headers = {},
): Promise<Data> {
  const response = await fetch(AGORA_URL, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: document.toString(), variables }),
    signal: AbortSignal.timeout(10_000),
  }).catch((error: Error) => {
    throw new Error(`Agora does not answer at ${AGORA_URL}. Is it running? Start it with \`npm start\`.`, {
      cause: error,
    });
  });
  const { data, errors } = (await response.json()) as { data?: Data; errors?: { message: string }[] };
  if (errors?.length) throw new Error(errors.map(({ message }) => message).join('\n'));
  return data!;
}

/**
 * Follows a subscription, each answer as it comes. When the connection breaks it is opened again, and the subscription
 * goes on after the last cursor: nothing is missed and nothing comes twice.
 */
export async function* follow<Data, Variables extends { after?: string | null }>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  cursorOf: (data: Data) => string,
  headers: Headers = {},
): AsyncGenerator<Data> {
  const client = createClient({
    url: AGORA_URL.replace(/^http/, 'ws'),
    connectionParams: headers,
    retryAttempts: 10,
    shouldRetry: () => true,
  });
  // Read anew at every connection, so what changes here is what the next one asks for.
  const payload = { query: document.toString(), variables: { ...variables } };
  try {
    for await (const { data, errors } of client.iterate<Data>(payload)) {
      if (errors?.length) throw new Error(errors.map(({ message }) => message).join('\n'));
      payload.variables.after = cursorOf(data!);
      yield data!;
    }
  } finally {
    await client.dispose();
  }
}

/** What a mutation returned. @throws Error with its user errors, if it was refused */
export function accepted<Payload extends { userErrors: { message: string }[] }>(payload: Payload | null): Payload {
  if (!payload) throw new Error('The mutation answered nothing.');
  if (payload.userErrors.length) throw new Error(payload.userErrors.map(({ message }) => message).join('\n'));
  return payload;
}
