import type { WebSocket } from 'ws';
import { Unauthenticated } from '../../platform/errors.ts';
import { count } from '../../platform/telemetry/metrics.ts';
import type { Authenticate, Identity } from '../identity/session.ts';

/** Longest delay of a timer of Node. */
const MAX_DELAY = 2 ** 31 - 1;

/** Payload of a client's `connection_init` or `ping`. */
export type Payload = Record<string, unknown> | undefined;

/** Session of a socket: its identity, with whose token the socket ends. */
export class SocketSession {
  readonly #socket: WebSocket;
  #timer: NodeJS.Timeout | undefined;
  identity: Identity;

  constructor(socket: WebSocket, identity: Identity) {
    this.#socket = socket;
    this.identity = identity;
    this.#arm();
  }

  /** Replaces the identity by that of the same user's new token. */
  renew(identity: Identity): void {
    this.identity = identity;
    this.#arm();
  }

  /** Ends the session of a socket that has gone. */
  end(): void {
    clearTimeout(this.#timer);
  }

  /** Closes the socket if the session was ended before its token expired. */
  closeIfEnded(): void {
    if (this.identity.isRevoked?.()) this.#socket.close(4401, 'The session was ended');
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const { expiresAt } = this.identity;
    if (!expiresAt) return;
    const left = expiresAt.getTime() - Date.now();
    if (left <= 0) this.#socket.close(4401, 'The access token has expired');
    else this.#timer = setTimeout(() => this.#arm(), Math.min(left, MAX_DELAY)).unref();
  }
}

/** The identity of the payload's token; anonymous without one; undefined if it is not valid. */
export async function identify(
  authenticate: Authenticate,
  payload: Payload,
): Promise<Identity | 'unavailable' | undefined> {
  const authorization = payload?.authorization ?? undefined;
  if (authorization !== undefined && typeof authorization !== 'string') return undefined;
  try {
    return await authenticate(authorization?.trim() || undefined);
  } catch (error) {
    if (!(error instanceof Unauthenticated)) return 'unavailable';
    count('agora_tokens_refused_total', { transport: 'websocket' });
    return undefined;
  }
}
