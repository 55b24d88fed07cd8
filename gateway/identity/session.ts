import { Unauthenticated } from '../../platform/errors.ts';
import type { Client } from '../../platform/graphql/context.ts';
import type { ToldRate } from '../limits/rate-headers.ts';
import type { Actor } from '../../platform/identity/actor.ts';
import { TOKEN_EXPIRED } from '../../platform/identity/tokens.ts';

/** How often open sockets and streams are checked for an ended session, in milliseconds. */
export const SWEEP_MS = 1000;

/** The sender of a token, and until when the token is valid. */
export interface Identity {
  actor: Actor;
  /** Undefined for an anonymous caller, whose identity does not expire. */
  expiresAt?: Date;
  /** Whether the session was ended before its token expired. @default never */
  isRevoked?(): boolean;
}

/**
 * Verifies an `authorization` value; without one the caller is anonymous.
 * @throws Unauthenticated for a token that is not valid
 */
export type Authenticate = (authorization: string | undefined) => Promise<Identity>;

/** The caller of a request, and the id under which it is logged. */
export interface Caller {
  /** The actor now. @throws Unauthenticated once the token has expired, which a stream can outlive */
  actor(): Actor;
  readonly correlationId: string;
  /** Where the request comes from. */
  readonly client?: Client;
  /**
   * Takes the place of an open stream, for a subscription over HTTP. False if its address has too many.
   * @default streams are not counted
   */
  becomeStream?(): boolean;
  /** Called with what the caller has left of a rate limit. @default not called */
  tell?(rate: ToldRate): void;
  /** Aborts when the client has gone. */
  readonly signal?: AbortSignal;
  /** Ends the connection of a client that does not read. */
  readonly cutOff?: () => void;
}

/** The actor of an identity, as long as it is valid. @throws Unauthenticated */
export function actorOf({ actor, expiresAt, isRevoked }: Identity): Actor {
  if (isRevoked?.()) throw new Unauthenticated('The session was ended: sign in again.');
  if (expiresAt && expiresAt.getTime() <= Date.now()) {
    throw new Unauthenticated(TOKEN_EXPIRED);
  }
  return actor;
}
