/** For the permission walk: a merchant's API key, rotated, and session, a customer's user and linked identity. */
import { newId } from '../../platform/ids.ts';
import type { RoomWorld } from '../../tests/security/permissions/room-world.ts';
import type { Thing } from '../../tests/security/permissions/things.ts';

const KEY =
  'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey { id } userErrors { message } } }';
const ROTATE =
  'mutation ($input: RotateApiKeyInput!) { rotateApiKey(input: $input) { apiKey { id } userErrors { message } } }';
const ADMIN = ['identity:admin'];

/** A thing of an account, which its user and administrators see. */
const account = (type: string, id: string, of: Thing['of'], secrets = [id]): Thing => ({
  type,
  id,
  of,
  seenWith: ADMIN,
  secrets: secrets.map((text) => ({ text, knownWith: ADMIN })),
});

export const world: RoomWorld = {
  async ofMerchant({ tell, unique }, { who, of: { user } }) {
    const { apiKey } = (await tell(KEY, { name: unique('key'), scopes: ['product:write'] }, who.actor)).createApiKey;
    await tell(ROTATE, { id: apiKey.id, idempotencyKey: unique('rotation') }, who.actor);
    return [account('ApiKey', apiKey.id, { user }), account('Session', who.actor!.sessionId!, { user })];
  },

  async ofCustomer({ shop, unique }, { of }) {
    // Inserted directly, as there is no provider here to vouch for the user.
    const [id, subject, now] = [newId('identity'), unique('subject'), new Date()];
    const email = `${subject}@provider.example`;
    const row = { id, user_id: of.user, provider: 'walk', issuer: 'https://provider.example', subject, email };
    await shop.kysely
      .insertInto('identity.linked_identity')
      .values({ ...row, linked_at: now, last_used_at: now })
      .execute();
    return [account('User', of.user!, of), account('LinkedIdentity', id, of, [id, email])];
  },
};
