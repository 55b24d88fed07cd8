import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import { answerUnreadable } from './unreadable-request.ts';

/** A listener's certificate and key, as PEM. */
export interface Tls {
  /** The certificate, with the intermediate ones. */
  cert: string;
  key: string;
}

/** Creates an HTTP server, or an HTTPS one if given a certificate. @throws Error if certificate and key do not fit */
export function createListener(listener: RequestListener, tls?: Tls): Server {
  const shouldUpgradeCallback = (request: IncomingMessage): boolean =>
    isWebSocket(request) && server.listenerCount('upgrade') > 0;
  const server: Server = tls
    ? // The two types differ below HTTP alone, which no caller uses.
      (createSecureServer({ ...tls, minVersion: 'TLSv1.2', shouldUpgradeCallback }, listener) as unknown as Server)
    : createServer({ shouldUpgradeCallback }, listener);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => answerUnreadable(error, socket as Socket));
  return server;
}

/** Whether to upgrade: not to HTTP/2, which others offer first (`curl --http2`, Java's HttpClient; RFC 9110, 7.8). */
const isWebSocket = ({ headers }: IncomingMessage): boolean => headers.upgrade?.toLowerCase() === 'websocket';
