import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/**
 * The end of an HTTP server that loses no request: for a while everything is still answered, while those who balance
 * the load look elsewhere; every answer closes its connection; then requests under way end.
 */
export class Drain {
  readonly #server: Server;
  #isDraining = false;

  constructor(server: Server) {
    this.#server = server;
    server.prependListener('request', (_: IncomingMessage, response: ServerResponse) => {
      if (this.#isDraining) response.shouldKeepAlive = false;
    });
  }

  /** Whether the end has begun: whoever can goes elsewhere. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** From now on each answer is its connection's last. */
  begin(): void {
    this.#isDraining = true;
  }

  /** Accepts nothing more; resolves when what was under way has ended, or was cut off after so many milliseconds. */
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
