import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { GraphQLError } from 'graphql';
import { respondUnread } from '../platform/http/respond-unread.ts';
import { RETRY_AFTER_SECONDS } from './operations/mask-error.ts';

/**
 * Graceful shutdown of an HTTP server that loses no request: for a while everything is still answered, while load
 * balancers turn to other replicas, or is refused with a clear error, where there are none; every answer closes its
 * connection, so that hardly one is left whose next request could cross the shutdown and get no answer (RFC 9112, 9.5);
 * then requests under way end.
 */
export class Drain {
  readonly #server: Server;
  readonly #underWay = new Set<ServerResponse>();
  #isDraining = false;
  #isRefusing = false;

  constructor(server: Server) {
    this.#server = server;
    server.prependListener('request', (_: IncomingMessage, response: ServerResponse) => {
      if (this.#isDraining) response.shouldKeepAlive = false;
      this.#underWay.add(response);
      response.once('close', () => this.#underWay.delete(response));
    });
  }

  /** Whether the drain has begun: readiness is false, so that load balancers turn elsewhere. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Begins the drain: from now on each answer is its connection's last. */
  begin(): void {
    this.#isDraining = true;
    for (const response of this.#underWay) response.shouldKeepAlive = false;
  }

  /** From now on requests under way are finished, and new ones are refused. */
  refuse(): void {
    this.begin();
    this.#isRefusing = true;
  }

  /** Refuses a request, once `refuse` was called, unless it asks for health or metrics. True if it did. */
  refuses(request: IncomingMessage, response: ServerResponse): boolean {
    if (!this.#isRefusing || /^\/(health|metrics)(?=[/?]|$)/.test(request.url ?? '')) return false;
    respondUnread(response, 503, { errors: [stopping()] }, HEADERS);
    return true;
  }

  /** Stops accepting; resolves when requests under way have ended, or were cut off after `graceMs` milliseconds. */
  async end(graceMs: number): Promise<void> {
    this.begin();
    if (!this.#server.listening) return;
    const stopped = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), graceMs);
    await stopped;
    clearTimeout(timer);
  }
}

const HEADERS = { 'retry-after': String(RETRY_AFTER_SECONDS) };

const stopping = (): GraphQLError =>
  new GraphQLError('Agora is stopping. Nothing was begun: send it again in a moment.', {
    extensions: { code: 'UNAVAILABLE' },
  });
