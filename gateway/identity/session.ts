import { Unauthenticated } from '../../platform/errors.ts';
import type { Client } from '../../platform/graphql/context.ts';
import type { ToldRate } from '../limits/rate-headers.ts';
import type { Actor } from '../../platform/identity/actor.ts';

/** Who sent the token, and until when it is good. */
export interface Identity {
  actor: Actor;
  /** Undefined: for ever, as nobody. */
  expiresAt?: Date;
  /** Whether the session was ended before its token expired. @default never */
  isRevoked?(): boolean;
}

/**
 * Verifies an `authorization` value; without one the caller is anonymous.
 * @throws Unauthenticated for a token that is not good
 */
export type Authenticate = (authorization: string | undefined) => Promise<Identity>;

/** Who asks, and under which id it is logged. */
export interface Caller {
  /** The actor now. @throws Unauthenticated once the token has expired, which a stream can outlive */
  actor(): Actor;
  readonly correlationId: string;
  /** Where the request comes from. */
  readonly client?: Client;
  /** Told how much the caller has left of what is counted. @default nobody is */
  tell?(rate: ToldRate): void;
  /** Aborts when the client has gone. */
  readonly signal?: AbortSignal;
  /** Ends the connection of a client that does not read. */
  readonly cutOff?: () => void;
}

/** The actor of an identity, as long as it is good. @throws Unauthenticated */
export function actorOf({ actor, expiresAt, isRevoked }: Identity): Actor {
  if (isRevoked?.()) throw new Unauthenticated('The session was ended: sign in again.');
  if (expiresAt && expiresAt.getTime() <= Date.now()) {
    throw new Unauthenticated('The access token has expired: get a new one with `refreshSession`, or sign in again.');
  }
  return actor;
}
