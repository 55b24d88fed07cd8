import type { Actor } from '../identity/actor.ts';

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
}
