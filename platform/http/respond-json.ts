import type { ServerResponse } from 'node:http';

/** Headers of an answer whose body is this JSON. */
export const headersOfJson = (text: string): Record<string, string | number> => ({
  'content-type': 'application/json; charset=utf-8',
  'content-length': Buffer.byteLength(text),
  'cache-control': 'no-store',
});

/** Answers with JSON. */
export function respondJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { ...headersOfJson(text), ...headers });
  response.end(text);
}
