/** HTTP to our other processes, with keep-alive; a failure tells whether the request can have been read. */
import http, { type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';

/** The error of a request without an answer. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  /** Whether the other side may have read the request, which then may have had an effect. */
  readonly wasSent: boolean;

  constructor(cause: unknown, wasSent: boolean) {
    super('No answer came.', { cause });
    this.wasSent = wasSent;
  }
}

/** A request to send. */
export interface Post {
  url: string;
  headers: Record<string, string>;
  body: Buffer;
  /** Ends the request at any time, by closing the connection. */
  signal: AbortSignal;
  /** Whether its answer is a long-lived stream, which gets a connection of its own. */
  isStream?: boolean;
}

/** Sends requests. */
export interface Transport {
  /** Resolves with the head of the answer. @throws NoAnswer, or the signal's reason */
  post(request: Post): Promise<IncomingMessage>;
  /** Closes all connections. */
  close(): void;
}

/** Timeout of a connection attempt, in milliseconds: a host that is gone does not even refuse. */
const CONNECT_MS = 2000;
/** Limit of connections to one process; further requests wait. */
const MAX_CONNECTIONS = 256;
/** Keep-alive of our side, well below theirs (`serve-subgraphs.ts`), so that no connection closes under a request. */
const IDLE_MS = 20_000;

/** Creates the connections of this process. */
export function createTransport(): Transport {
  const kept = { keepAlive: true, maxSockets: MAX_CONNECTIONS, timeout: IDLE_MS, scheduling: 'lifo' as const };
  const agents = { 'http:': new http.Agent(kept), 'https:': new https.Agent(kept) };
  return {
    post: (request) => {
      const protocol = request.url.startsWith('https:') ? 'https:' : 'http:';
      return send(request, protocol === 'https:' ? https : http, request.isStream ? false : agents[protocol]);
    },
    close: () => Object.values(agents).forEach((agent) => agent.destroy()),
  };
}

function send(
  { url, headers, body, signal }: Post,
  { request: open }: Pick<typeof http | typeof https, 'request'>,
  agent: http.Agent | false,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  const options: RequestOptions = {
    method: 'POST',
    agent,
    headers: { ...headers, 'content-length': String(body.length) },
  };
  const request = open(url, options, resolve);
  let wasSent = false;
  request.once('socket', (socket) => {
    if (!socket.connecting) return void (wasSent = true);
    const connected = url.startsWith('https:') ? 'secureConnect' : 'connect';
    const timer = setTimeout(() => request.destroy(new Error('The connection took too long.')), CONNECT_MS);
    socket.once('close', () => clearTimeout(timer));
    socket.once(connected, () => {
      clearTimeout(timer);
      wasSent = true;
    });
  });
  request.on('error', (error) => reject(signal.aborted ? (signal.reason as Error) : new NoAnswer(error, wasSent)));
  const abort = (): void => void request.destroy(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  request.once('close', () => signal.removeEventListener('abort', abort));
  request.end(body);
  return promise;
}

/** Reads the answer as text. @throws NoAnswer if it breaks off or exceeds `limit` bytes, or the signal's reason */
export async function textOf(response: IncomingMessage, limit: number, signal: AbortSignal): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      length += part.length;
      if (length > limit) throw new Error(`The answer is longer than ${limit} bytes.`);
      parts.push(part);
    }
  } catch (error) {
    throw signal.aborted ? (signal.reason as Error) : new NoAnswer(error, true);
  }
  return Buffer.concat(parts, length).toString();
}

/**
 * Whether a document only reads, so that it may be retried without an answer. In doubt it does not: a document that
 * begins with a fragment counts as a mutation.
 */
export const onlyReads = (query: string): boolean => /^\s*(query|subscription)\b|^\s*\{/.test(query);
