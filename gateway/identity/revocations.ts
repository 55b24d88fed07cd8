/**
 * Ended sessions and revoked API keys, while access tokens of theirs are still valid: a token is checked by its
 * signature alone, and against this. The table of identity decides; this is a gateway's copy of it, in its own process.
 */
export class Revocations {
  /** Until when each is remembered, in milliseconds since 1970: until its last access token has expired. */
  readonly #sessions = new Map<string, number>();
  readonly #milliseconds: number;

  /** @param seconds lifetime of an access token */
  constructor(seconds: number) {
    this.#milliseconds = seconds * 1000;
  }

  /** Refuses the tokens of this session, or this key, from now on. */
  revoke(sessionId: string, now: number = Date.now()): void {
    for (const [id, until] of this.#sessions) {
      // Entries are in the order of their ends, because all last equally long.
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
