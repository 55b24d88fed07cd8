import type { ServerResponse } from 'node:http';

/** No page may put us into a frame. GraphiQL says the rest of its policy itself, with a nonce (graphiql.ts). */
export const PAGE_POLICY = "frame-ancestors 'none'";

/**
 * Headers of answers that are data and no page: nothing of them may be run or shown. Over plain HTTP browsers ignore
 * HSTS (RFC 6797).
 */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': `default-src 'none'; ${PAGE_POLICY}`,
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-xss-protection': '1; mode=block',
};

/** Puts them on an answer that has not begun; the handler of a page changes what must be. */
export function secure(response: ServerResponse): void {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
}
