import { GraphQLError } from 'graphql';
import { refused } from './refused.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a posted body, in place of yoga's own reader, which puts U+FFFD for bytes that are no UTF-8.
 * @throws GraphQLError BAD_REQUEST, CLIENT_GONE; or the error of its stream
 */
export async function readBody<T>(request: Pick<Request, 'arrayBuffer'>): Promise<T> {
  const bytes = await request.arrayBuffer().catch((error: NodeJS.ErrnoException) => {
    // The connection ended first: by the client, or because its time was up. It is no fault of ours to be logged.
    throw error.code === 'ECONNRESET' ? clientGone() : error;
  });
  const value = parsed(textOf(bytes));
  if (typeof value === 'object' && value !== null) return value as T;
  throw badRequest('The body is to be an object: `{"query": "…", "variables": {…}}`.');
}

function textOf(bytes: ArrayBuffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw badRequest('The body is no UTF-8: send JSON in UTF-8.');
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest('The body is no JSON.');
  }
}

const clientGone = (): GraphQLError =>
  new GraphQLError('The client has gone before its request was whole.', {
    extensions: { code: 'CLIENT_GONE', http: refused() },
  });

const badRequest = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: refused() } });
