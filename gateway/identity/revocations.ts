/**
 * The sessions (and API keys) that were ended while access tokens of theirs are still good: a token is checked by its signature alone,
 * and against this. The table of identity decides; this is what a gateway remembers of it, in its own process.
 */
export class Revocations {
  /** Until when each is remembered, in milliseconds since 1970: as long as its last access token may be good. */
  readonly #sessions = new Map<string, number>();
  readonly #milliseconds: number;

  /** @param seconds how long an access token is good */
  constructor(seconds: number) {
    this.#milliseconds = seconds * 1000;
  }

  /** From now on no token of this session passes, nor this key. */
  revoke(sessionId: string, now: number = Date.now()): void {
    for (const [id, until] of this.#sessions) {
      // In the order of their ends, because all last equally long.
      if (until > now) break;
      this.#sessions.delete(id);
    }
    this.#sessions.delete(sessionId);
    this.#sessions.set(sessionId, now + this.#milliseconds);
  }

  /** Whether tokens of this session must not pass. */
  isRevoked(sessionId: string | undefined): boolean {
    return sessionId !== undefined && this.#sessions.has(sessionId);
  }
}
