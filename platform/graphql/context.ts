import type { Actor } from '../identity/actor.ts';

/** Origin of a request, as the gateway saw it. A client's own claims prove nothing. */
export interface Client {
  /** The IP address, as far as the proxies in front of the gateway are trusted to tell it. */
  readonly address?: string;
  /** The header `user-agent`. */
  readonly userAgent?: string;
}

/**
 * Context of a request, the third argument of every resolver. Created once for each operation (and anew for every event
 * of a subscription, so that nothing cached outlives a permission); embedded, the agents of one operation share it.
 */
export interface RequestContext {
  /** The caller. */
  readonly actor: Actor;
  /** Traces a request through gateway, agents, events and sagas. */
  readonly correlationId: string;
  /** Aborts when the client has disconnected or the request has timed out. */
  readonly signal?: AbortSignal;
  /** Origin of the request; absent for work that no client asked for. */
  readonly client?: Client;
  /**
   * Reads may come from a lagging read replica: it is a client's query. Absent for everything else, such as a
   * mutation's answer and a subscription's events, which show what has just been written.
   */
  readonly mayLag?: boolean;
  /**
   * Called with the start cursor of a subscription that was given none: a client that loses the connection before the
   * first event resumes there. Absent where no event can be lost.
   */
  readonly onBegin?: (cursor: string) => void;
}
