import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';

/** What a listener proves who it is with, as PEM. */
export interface Tls {
  /** The certificate, and those between it and the authority. */
  cert: string;
  key: string;
}

/** A server of HTTP, or of HTTPS if it is given a certificate. @throws Error if certificate and key do not fit */
export function createListener(listener: RequestListener, tls?: Tls): Server {
  if (!tls) return createServer(listener);
  // They differ in what is beneath HTTP alone, which nobody asks of a `Server`.
  return createSecureServer({ ...tls, minVersion: 'TLSv1.2' }, listener) as unknown as Server;
}
