import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { metricsText } from './metrics.ts';

/**
 * Answers `GET /metrics`. With a token (`METRICS_TOKEN`), requests with that bearer token may read them. Without one,
 * only requests from this machine, and not through a proxy: business figures are confidential.
 */
export async function respondMetrics(
  request: IncomingMessage,
  response: ServerResponse,
  token?: string,
): Promise<void> {
  if (!mayRead(request, token)) {
    const how = token
      ? 'Show METRICS_TOKEN as `authorization: Bearer …`.'
      : 'Without METRICS_TOKEN only this machine may read the metrics.';
    response.writeHead(token ? 401 : 403, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
    response.end(`${how}\n`);
    return;
  }
  const { contentType, text } = await metricsText();
  response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' });
  response.end(text);
}

function mayRead({ headers, socket }: IncomingMessage, token: string | undefined): boolean {
  if (token) return isSame(headers.authorization ?? '', `Bearer ${token}`);
  const isForwarded = headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined;
  return !isForwarded && /^(127\.|::1$|::ffff:127\.)/.test(socket.remoteAddress ?? '');
}

/** Compares two texts in constant time. */
const isSame = (given: string, wanted: string): boolean => timingSafeEqual(digest(given), digest(wanted));

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
