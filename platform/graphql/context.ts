import type { Actor } from '../identity/actor.ts';

/** Where a request comes from, as the gateway saw it. What a client says of itself proves nothing. */
export interface Client {
  /** The IP address, as far as the proxies in front of the gateway are trusted to tell it. */
  readonly address?: string;
  /** The header `user-agent`. */
  readonly userAgent?: string;
}

/**
 * What every resolver gets as its third argument. Made once for each operation (and anew for every event of a
 * subscription, so that nothing cached outlives a permission); embedded, the agents of one operation share it.
 */
export interface RequestContext {
  /** Who asks. */
  readonly actor: Actor;
  /** Follows a request through gateway, agents, events and sagas. */
  readonly correlationId: string;
  /** Aborts when the client has gone or the time is up. */
  readonly signal?: AbortSignal;
  /** Where the request comes from; absent for what no client asked for. */
  readonly client?: Client;
  /**
   * What is read for it may be a moment old: it is a client's query. Absent for everything else, a mutation's answer and
   * a subscription's events among them, which tell of what has just been written.
   */
  readonly mayLag?: boolean;
  /**
   * Told the cursor behind which a subscription begins that was given none: who loses it before its first event goes on
   * there. Absent where nothing can be lost.
   */
  readonly onBegin?: (cursor: string) => void;
}
