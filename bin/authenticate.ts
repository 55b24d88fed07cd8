import type { Revocations } from '../gateway/revocations.ts';
import type { Authenticate } from '../gateway/session.ts';
import { ANONYMOUS } from '../platform/identity/actor.ts';
import type { Tokens } from '../platform/identity/tokens.ts';

/** Who sends a request, by its bearer token: nobody without one. A token of a session that was ended does not pass. */
export const authenticateWith =
  (tokens: Tokens, revocations: Revocations): Authenticate =>
  async (authorization) => {
    if (!authorization) return { actor: ANONYMOUS };
    const identity = await tokens.verify(authorization.replace(/^Bearer\s+/i, ''));
    return { ...identity, isRevoked: () => revocations.isRevoked(identity.actor.sessionId) };
  };
