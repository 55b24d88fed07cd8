/** The use cases of a key's rotation: give it a new secret, and end the previous one early. */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { idempotencyOf } from '../../../platform/data/idempotency.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { checkAll } from '../../../platform/graphql/refusals.ts';
import { newApiKey } from '../../../platform/identity/api-key.ts';
import type { Tables } from '../entities.ts';
import type { RotateApiKeyInput } from '../resolvers.generated.ts';
import { requireRecentSignIn } from '../sessions/recent.ts';
import type { SignInParts } from '../sign-in/service.ts';
import { checkExpiry, checkOverlap, checkRotatable, isInOverlap, isLiving, REPEATABLE_MS } from './domain.ts';
import { endingOf } from './ending.ts';
import { type ApiKeyRow, ApiKeySchema } from './entities.ts';
import { apiKeyPreviousSecretRevoked, apiKeyRotated } from './events.ts';
import { traitsOf } from './traits.ts';

/** The context with which a secret is sealed. */
const contextOf = (id: string): string => `apikey:${id}`;

export const apiKeyRotation = (
  { store, clock, secrets }: Pick<AgentContext<Tables>, 'store' | 'clock' | 'secrets'>,
  { callers, record }: Pick<SignInParts, 'callers' | 'record'>,
) => {
  /** The answer to a rotation, or to its repetition: its secret, if it is still the key's newest and still kept. */
  const answer = (id: string, hash: string, context: RequestContext) =>
    callers.change({ of: context.actor.id }, context, async (work) => {
      const apiKey = (await work.findIfAny(ApiKeySchema, id))!;
      const age = clock.now().getTime() - apiKey.rotatedAt!.getTime();
      const sealed = apiKey.hash === hash && age < REPEATABLE_MS ? apiKey.sealedSecret : null;
      return { key: sealed && secrets.open(sealed, contextOf(id)), apiKey };
    });

  return {
    /**
     * Gives a key a new secret. It needs a recent sign-in, as making one does.
     * @throws Forbidden for a key that asks for it; Refusal REAUTHENTICATION_REQUIRED, INVALID_INPUT, NOT_FOUND,
     * INVALID_STATE, IDEMPOTENCY_KEY_REUSED
     */
    async rotateApiKey(
      input: RotateApiKeyInput,
      context: RequestContext,
    ): Promise<{ key: string | null; apiKey: ApiKeyRow }> {
      const { actor } = context;
      await requireRecentSignIn({ store, clock }, actor);
      const now = clock.now();
      const [previousEnd, newExpiry] = checkAll(
        () => checkOverlap(input.overlapSeconds, now),
        () => input.expiresAt && checkExpiry(input.expiresAt, now),
      );
      const once = idempotencyOf('rotateApiKey', input, context);
      const { hash } = await callers.changeOnce({ of: actor.id }, once, context, async (work) => {
        const key = await work.find(ApiKeySchema, input.id, { rows: [{ userId: actor.id }], path: ['input', 'id'] });
        checkRotatable(key, now);
        const secret = newApiKey();
        const previousExpiresAt = previousEnd(key.expiresAt);
        const rotated = await work.save(ApiKeySchema, key, {
          ...traitsOf(secret),
          expiresAt: newExpiry ?? key.expiresAt,
          lastUsedAt: null,
          rotatedAt: now,
          previousHash: key.hash,
          previousHint: key.hint,
          previousExpiresAt,
          previousLastUsedAt: key.lastUsedAt,
          sealedSecret: secrets.seal(secret, contextOf(key.id)),
        });
        const payload = { apiKeyId: key.id, userId: actor.id, previousExpiresAt: previousExpiresAt.toISOString() };
        work.publish(apiKeyRotated, { aggregateId: key.id, aggregateVersion: rotated.version, payload });
        const details = { previousExpiresAt, expiresAt: rotated.expiresAt };
        await record(work, context, { action: 'API_KEY_ROTATED', userId: actor.id, objectId: key.id, details });
        return { hash: rotated.hash };
      });
      return answer(input.id, hash, context);
    },

    /** Ends the previous secret of a key. Returns whether it was good. @throws Refusal NOT_FOUND */
    async revokeApiKeyPreviousSecret(id: string, context: RequestContext): Promise<boolean> {
      const change = await endingOf(store, id, context.actor);
      return callers.change(change, context, async (work) => {
        const now = clock.now();
        const key = await work.findIfAny(ApiKeySchema, id);
        if (!key || !isLiving(key, now) || !isInOverlap(key, now)) return false;
        const { version } = await work.save(ApiKeySchema, key, { previousExpiresAt: now });
        const payload = { apiKeyId: id, userId: change.of };
        work.publish(apiKeyPreviousSecretRevoked, { aggregateId: id, aggregateVersion: version, payload });
        await record(work, context, {
          action: 'API_KEY_PREVIOUS_SECRET_REVOKED',
          userId: change.of,
          objectId: id,
        });
        return true;
      });
    },
  };
};
