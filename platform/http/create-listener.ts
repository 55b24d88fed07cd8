import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import { answerUnreadable } from './unreadable-request.ts';

/** What a listener proves who it is with, as PEM. */
export interface Tls {
  /** The certificate, and those between it and the authority. */
  cert: string;
  key: string;
}

/** A server of HTTP, or of HTTPS if it is given a certificate. @throws Error if certificate and key do not fit */
export function createListener(listener: RequestListener, tls?: Tls): Server {
  const shouldUpgradeCallback = (request: IncomingMessage): boolean =>
    isWebSocket(request) && server.listenerCount('upgrade') > 0;
  const server: Server = tls
    ? // They differ in what is beneath HTTP alone, which nobody asks of a `Server`.
      (createSecureServer({ ...tls, minVersion: 'TLSv1.2', shouldUpgradeCallback }, listener) as unknown as Server)
    : createServer({ shouldUpgradeCallback }, listener);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => answerUnreadable(error, socket as Socket));
  return server;
}

/** To HTTP/2, which others offer first (`curl --http2`, Java's HttpClient), we need not: RFC 9110, 7.8. */
const isWebSocket = ({ headers }: IncomingMessage): boolean => headers.upgrade?.toLowerCase() === 'websocket';
