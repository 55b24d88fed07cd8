/** One attempt over HTTP: no redirects, no proxies, a timeout over all of it, and little is read of the answer. */
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { type Allowed, checkLiteral, guardedLookup } from './reach.ts';
import type { Answer } from './schedule.ts';

/** Timeout of an attempt, from the name's resolution to the end of the answer, in milliseconds. */
export const TIMEOUT_MS = 15_000;
/** The most bytes that are read of an answer's body. */
export const MAX_ANSWER_BYTES = 4096;
/** The most characters of it that are kept. */
export const MAX_EXCERPT = 500;
/** The most header bytes of an answer. */
const MAX_HEADER_BYTES = 16_384;
/** Milliseconds for which an idle connection is kept. */
const IDLE_MS = 10_000;

/** A webhook, as it is sent. */
export interface Sending {
  url: string;
  headers: Record<string, string>;
  body: string;
  /** Ends the attempt early. */
  signal: AbortSignal;
}

/** The end of an attempt. */
export interface Attempt extends Answer {
  durationMs: number;
  /** Why there was no answer, or none that counts. */
  error: string | null;
  /** The beginning of the answer's body. */
  excerpt: string | null;
}

/** The way to receivers. Connections are kept within one, so receivers of different rights do not share one. */
export interface Transport {
  /** Sends a webhook. Never rejects. */
  post(sending: Sending): Promise<Attempt>;
  /** Closes the connections that are kept. */
  close(): void;
}

/** Creates the way to the receivers that may be reached. */
export function createTransport(allowed: Allowed, timeoutMs = TIMEOUT_MS): Transport {
  const kept = { keepAlive: true, timeout: IDLE_MS, maxFreeSockets: 64, lookup: guardedLookup(allowed) };
  const agents = { 'http:': new http.Agent(kept), 'https:': new https.Agent(kept) };
  return {
    async post(sending) {
      const started = performance.now();
      const signal = AbortSignal.any([sending.signal, AbortSignal.timeout(timeoutMs)]);
      const ended = (rest: Partial<Attempt>): Attempt => ({
        status: null,
        error: null,
        excerpt: null,
        durationMs: Math.round(performance.now() - started),
        ...rest,
      });
      try {
        const url = new URL(sending.url);
        checkLiteral(url.hostname, allowed);
        const isSecure = url.protocol === 'https:';
        const agent = agents[isSecure ? 'https:' : 'http:'];
        const response = await anew(() => head(isSecure ? https : http, url, { ...sending, agent, signal }));
        const { statusCode: status = null } = response;
        // The status decides; an answer whose body breaks off is an answer.
        const excerpt = await beginningOf(response).catch(() => null);
        return ended({ status, retryAfter: response.headers['retry-after'], excerpt, error: errorOf(status) });
      } catch (error) {
        const isLate = signal.aborted && !sending.signal.aborted;
        return ended({ error: isLate ? `no answer within ${timeoutMs} ms` : messageOf(error) });
      }
    },
    close: () => Object.values(agents).forEach((agent) => agent.destroy()),
  };
}

/** An error of a request on a connection that was kept, and that the receiver may have closed meanwhile. */
const KEPT = Symbol('kept connection');

/**
 * Sends again, on the next connection, while one that was kept turns out to be closed. That is no failure of a receiver,
 * which knows the webhook by its id if it got it twice.
 */
async function anew<T>(send: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await send();
    } catch (error) {
      if (!(error as { [KEPT]?: boolean })[KEPT]) throw error;
    }
  }
}

function head(
  { request: open }: Pick<typeof http | typeof https, 'request'>,
  url: URL,
  { headers, body, agent, signal }: Sending & { agent: http.Agent },
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const length = String(Buffer.byteLength(body));
  const options = { method: 'POST', agent, signal, maxHeaderSize: MAX_HEADER_BYTES };
  const request = open(url, { ...options, headers: { ...headers, 'content-length': length } }, resolve);
  request
    .on('error', (error: NodeJS.ErrnoException) => {
      const isClosed = error.code === 'ECONNRESET' || error.code === 'EPIPE';
      reject(Object.assign(error, { [KEPT]: request.reusedSocket && isClosed }));
    })
    // Without a listener the socket would be closed without an error, and nobody would be told.
    .on('upgrade', (_, socket) => {
      socket.destroy();
      reject(new Error('the receiver switches protocols (101), which is no answer'));
    })
    // Whatever else ends a request without an answer: an attempt that never ends would hold its place for ever.
    .on('close', () => reject(new Error('the connection was closed without an answer')))
    .end(body);
  return promise;
}

/** The beginning of a body, as text. A body that is longer is not read on, and its connection is closed. */
async function beginningOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    size += part.length;
    // Leaving the loop destroys the response, and with it the connection.
    if (size >= MAX_ANSWER_BYTES) break;
  }
  return storable(Buffer.concat(parts).toString('utf8')).slice(0, MAX_EXCERPT).toWellFormed();
}

/** A text without the characters that PostgreSQL cannot store. */
const storable = (text: string): string => text.replaceAll('\0', '\uFFFD').toWellFormed();

function errorOf(status: number | null): string | null {
  if (status !== null && status >= 300 && status < 400) return 'a redirect, which is not followed';
  return null;
}

/** The message of an error, with that of its first part where several addresses were tried. */
function messageOf(error: unknown): string {
  const { message, code, errors } = error as { message?: string; code?: string; errors?: unknown[] };
  if (errors?.[0]) return messageOf(errors[0]);
  return storable(message || code || String(error)).slice(0, MAX_EXCERPT);
}
