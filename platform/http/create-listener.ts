import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { answerUnreadable } from './unreadable-request.ts';

/** A listener's certificate and key, as PEM. */
export interface Tls {
  /** The certificate, with the intermediate ones. */
  cert: string;
  key: string;
}

/** Options of a listener. */
export interface ListenerOptions {
  /** The certificate for HTTPS. @default HTTP */
  tls?: Tls;
  /**
   * How long a request may take to arrive, from its first byte to its last, in milliseconds; then it is answered with
   * 408. A client that sends a byte now and then would otherwise hold its connection for minutes. On a new connection the
   * time begins when it is accepted, so one that is opened ahead and says nothing gets 408 when the time for a head is
   * up. @default 30000
   */
  requestTimeoutMs?: number;
}

/** Default time for a request to arrive, in milliseconds: a megabyte at 280 kbit/s. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Longest time for the head of a request, and for the handshake of TLS, in milliseconds: both are short. */
const HEAD_TIMEOUT_MS = 10_000;
/** How often Node looks for requests that are late, in milliseconds: so much more than its timeout may each take. */
const LOOK_MS = 1000;

/** Connections of requests whose handlers see to their time themselves, until these are taken out again. */
export const timedByHandler = new WeakSet<Duplex>();

/** Creates an HTTP server, or an HTTPS one if given a certificate. @throws Error if certificate and key do not fit */
export function createListener(
  listener: RequestListener,
  { tls, requestTimeoutMs = REQUEST_TIMEOUT_MS }: ListenerOptions = {},
): Server {
  const shouldUpgradeCallback = (request: IncomingMessage): boolean =>
    isWebSocket(request) && server.listenerCount('upgrade') > 0;
  const headersTimeout = Math.min(HEAD_TIMEOUT_MS, requestTimeoutMs);
  const options = {
    shouldUpgradeCallback,
    requestTimeout: requestTimeoutMs,
    headersTimeout,
    connectionsCheckingInterval: Math.min(LOOK_MS, requestTimeoutMs),
  };
  const server: Server = tls
    ? // The two types differ below HTTP alone, which no caller uses.
      (createSecureServer(
        { ...tls, ...options, minVersion: 'TLSv1.2', handshakeTimeout: headersTimeout },
        listener,
      ) as unknown as Server)
    : createServer(options, listener);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // Node tells it once a request, and looks at the next one again.
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && timedByHandler.has(socket)) return;
    answerUnreadable(error, socket as Socket);
  });
  return server;
}

/** Whether to upgrade: not to HTTP/2, which others offer first (`curl --http2`, Java's HttpClient; RFC 9110, 7.8). */
const isWebSocket = ({ headers }: IncomingMessage): boolean => headers.upgrade?.toLowerCase() === 'websocket';
