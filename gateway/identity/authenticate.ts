import type { Revocations } from './revocations.ts';
import type { Authenticate } from './session.ts';
import { Unauthenticated } from '../../platform/errors.ts';
import { ANONYMOUS } from '../../platform/identity/actor.ts';
import { isApiKey, isWholeApiKey } from '../../platform/identity/api-key.ts';
import type { Tokens } from '../../platform/identity/tokens.ts';
import { count } from '../../platform/telemetry/metrics.ts';
import type { ApiKeys } from './api-keys.ts';

/**
 * Identifies the sender of a request by its bearer token or API key; without one it is anonymous. A token of an ended
 * session does not pass, nor a key that was revoked, or whose rights have changed since it was shown.
 */
export const authenticateWith =
  (tokens: Tokens, revocations: Revocations, apiKeys: Pick<ApiKeys, 'identify'>): Authenticate =>
  async (authorization) => {
    if (!authorization) return { actor: ANONYMOUS };
    const bearer = authorization.replace(/^Bearer\s+/i, '');
    if (isApiKey(bearer)) return withApiKey(bearer, revocations, apiKeys);
    const { keyId, ...identity } = await tokens.verify(bearer);
    count('agora_tokens_verified_total', { key: keyId ?? 'none' });
    return { ...identity, isRevoked: () => revocations.isRevoked(identity.actor.sessionId) };
  };

async function withApiKey(
  key: string,
  revocations: Revocations,
  apiKeys: Pick<ApiKeys, 'identify'>,
): ReturnType<Authenticate> {
  const identity = isWholeApiKey(key) ? await apiKeys.identify(key) : undefined;
  const isRevoked = (): boolean => revocations.isRevoked(identity?.actor.apiKeyId) || Boolean(identity?.hasChanged());
  if (!identity || isRevoked())
    throw new Unauthenticated('The API key is not valid: it was mistyped, has expired or was revoked.');
  return { ...identity, isRevoked };
}
