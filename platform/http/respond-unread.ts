import type { ServerResponse } from 'node:http';
import { FAREWELL_MS } from './answer-and-close.ts';
import { headersOfJson } from './respond-json.ts';

/**
 * Answers with JSON a request whose body is not wanted, and closes its connection: the rest of the body, which may come
 * ever so slowly, would hold it. The answer goes out at once, and what still arrives is read and dropped for a moment,
 * since closing with unread bytes resets the connection, and the client may lose the answer (RFC 9112, 9.6).
 */
export function respondUnread(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  const { req: request } = response;
  const text = JSON.stringify(body);
  response.writeHead(status, { ...headersOfJson(text), ...headers, connection: 'close' });
  response.write(text);
  if (request.closed) return void response.end();
  const cutOff = setTimeout(() => response.end(), FAREWELL_MS).unref();
  request.resume().once('close', () => {
    clearTimeout(cutOff);
    response.end();
  });
}
