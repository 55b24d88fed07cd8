/** The use cases of API keys: create and revoke. */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { countOf } from '../../../platform/data/count.ts';
import { refuse } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { checkAll } from '../../../platform/graphql/refusals.ts';
import { hashOfApiKey, newApiKey } from '../../../platform/identity/api-key.ts';
import { newId } from '../../../platform/ids.ts';
import type { Tables } from '../entities.ts';
import type { CreateApiKeyInput } from '../resolvers.generated.ts';
import { requireRecentSignIn } from '../sessions/recent.ts';
import type { SignInParts } from '../sign-in/service.ts';
import { checkExpiry, checkScopes } from './domain.ts';
import { apiKeyCreated } from './events.ts';
import { type ApiKeyRow, ApiKeySchema } from './entities.ts';
import { revokeKeys } from './revoke.ts';

/** The most living keys of one user. */
const MAX_KEYS = 50;
/** Characters of a key that its owner recognises it by: the prefix and four more. */
const HINT = 8;

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
      hash: hashOfApiKey(key),
      hint: key.slice(0, HINT),
      scopes,
      merchantId: actor.merchantId ?? null,
      createdAt: now,
      expiresAt,
      lastUsedAt: null,
      revokedAt: null,
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
    const { actor } = context;
    const key = await store.read.selectFrom('api_key').select('userId').where('id', '=', id).executeTakeFirst();
    // A key may revoke itself: a finder of a leaked key can end it.
    const isOwn = key?.userId === actor.id && (Boolean(actor.sessionId) || actor.apiKeyId === id);
    if (!key || !(isOwn || actor.may('identity:admin')))
      throw refuse('NOT_FOUND', 'There is no such key, or it is not yours.', ['input', 'id']);
    const change = isOwn ? { of: key.userId } : { of: key.userId, needs: 'identity:admin' };
    return callers.change(change, context, async (work) => {
      if ((await revokeKeys(work, { id }, clock.now())).length === 0) return false;
      await record(work, context, { action: 'API_KEY_REVOKED', userId: key.userId, objectId: id });
      return true;
    });
  },
});
