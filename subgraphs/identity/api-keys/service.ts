/** The use cases of API keys: create and revoke. */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { countOf } from '../../../platform/data/count.ts';
import { refuse } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { checkAll } from '../../../platform/graphql/refusals.ts';
import { newApiKey } from '../../../platform/identity/api-key.ts';
import { newId } from '../../../platform/ids.ts';
import type { Tables } from '../entities.ts';
import type { CreateApiKeyInput } from '../resolvers.generated.ts';
import { requireRecentSignIn } from '../sessions/recent.ts';
import type { SignInParts } from '../sign-in/service.ts';
import { checkExpiry, checkScopes } from './domain.ts';
import { apiKeyCreated } from './events.ts';
import { type ApiKeyRow, ApiKeySchema } from './entities.ts';
import { endingOf } from './ending.ts';
import { revokeKeys } from './revoke.ts';
import { traitsOf } from './traits.ts';

/** The most living keys of one user. */
const MAX_KEYS = 50;

export const apiKeyService = (
  { store, clock }: Pick<AgentContext<Tables>, 'store' | 'clock'>,
  { callers, record }: Pick<SignInParts, 'callers' | 'record'>,
) => ({
  /**
   * Creates a key, which only this answer shows. It needs a recent sign-in: a key lasts longer than a session, so a
   * found session must not become a key.
   * @throws Forbidden for a key that asks for a key, Refusal REAUTHENTICATION_REQUIRED
   */
  async createApiKey(input: CreateApiKeyInput, context: RequestContext): Promise<{ key: string; apiKey: ApiKeyRow }> {
    const { actor } = context;
    await requireRecentSignIn({ store, clock }, actor);
    const now = clock.now();
    const [scopes, expiresAt] = checkAll(
      () => checkScopes(input.scopes, actor),
      () => checkExpiry(input.expiresAt, now),
    );
    const key = newApiKey();
    const row: ApiKeyRow = {
      id: newId('apikey'),
      userId: actor.id,
      name: input.name,
      ...traitsOf(key),
      scopes,
      merchantId: actor.merchantId ?? null,
      createdAt: now,
      expiresAt,
      lastUsedAt: null,
      revokedAt: null,
      version: 1,
      rotatedAt: null,
      previousHash: null,
      previousHint: null,
      previousExpiresAt: null,
      previousLastUsedAt: null,
      sealedSecret: null,
    };
    await callers.change({ of: actor.id }, context, async (work) => {
      const living = work.sql
        .selectFrom('api_key')
        .where('userId', '=', actor.id)
        .where('revokedAt', 'is', null)
        .where('expiresAt', '>', now);
      if ((await countOf(living)) >= MAX_KEYS)
        throw refuse('INVALID_STATE', `You have ${MAX_KEYS} keys: revoke one that is not needed.`, ['input']);
      const payload = { apiKeyId: row.id, userId: actor.id };
      work.publish(apiKeyCreated, { aggregateId: row.id, aggregateVersion: 1, payload });
      await work.insert(ApiKeySchema, row);
      const details = { scopes: row.scopes, expiresAt: row.expiresAt };
      await record(work, context, { action: 'API_KEY_CREATED', userId: actor.id, objectId: row.id, details });
    });
    return { key, apiKey: row };
  },

  /** Revokes an own key, or for administrators any key. Returns whether it was good. @throws Refusal NOT_FOUND */
  async revokeApiKey(id: string, context: RequestContext): Promise<boolean> {
    const change = await endingOf(store, id, context.actor);
    return callers.change(change, context, async (work) => {
      if ((await revokeKeys(work, { id }, clock.now())).length === 0) return false;
      await record(work, context, { action: 'API_KEY_REVOKED', userId: change.of, objectId: id });
      return true;
    });
  },
});
