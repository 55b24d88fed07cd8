import type { IncomingMessage, ServerResponse } from 'node:http';

/** Origins whose pages may read our answers: all, or these (`https://shop.example`). */
export type Origins = '*' | readonly string[];

/** Headers that a page may read; the last three by which it goes on with a download, and names what it saves. */
const EXPOSED = 'x-correlation-id, ratelimit, ratelimit-policy, retry-after, etag, content-range, content-disposition';
/** How long a preflight is cached: a day, which is more than browsers believe. */
const MAX_AGE_SECONDS = '86400';

/**
 * Answers CORS: allows pages of these origins to read the answer, and answers a preflight: true then. Identity never
 * comes from a cookie, so a page gets nothing that it could not have asked for by itself
 * (https://fetch.spec.whatwg.org/#http-cors-protocol).
 */
export function answerCors(
  request: IncomingMessage,
  response: ServerResponse,
  origins: Origins,
  methods = 'GET, POST',
): boolean {
  const { origin, 'access-control-request-headers': asked } = request.headers;
  const allowed = origins === '*' ? '*' : origin && origins.includes(origin) ? origin : undefined;
  if (origins !== '*') response.setHeader('vary', 'origin');
  if (allowed) {
    response.setHeader('access-control-allow-origin', allowed);
    response.setHeader('access-control-expose-headers', EXPOSED);
  }
  if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false;
  if (allowed) {
    response.setHeader('access-control-allow-methods', methods);
    if (asked) response.setHeader('access-control-allow-headers', asked);
    response.setHeader('access-control-max-age', MAX_AGE_SECONDS);
  }
  response.writeHead(204, { 'content-length': '0' }).end();
  return true;
}

/**
 * Whether a WebSocket may be opened from that origin: browsers ask no preflight for one. Other clients send no origin.
 */
export function mayOpenSocket({ headers: { origin, host } }: IncomingMessage, origins: Origins): boolean {
  if (origins === '*' || origin === undefined || origins.includes(origin)) return true;
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}
