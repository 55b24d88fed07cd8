import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { raw } from '../../../platform/data/raw.ts';
import { Actor } from '../../../platform/identity/actor.ts';
import { hashOfApiKey } from '../../../platform/identity/api-key.ts';
import { newId } from '../../../platform/ids.ts';
import { admin, openAgents, service, type TestAgents } from '../../../tests/support/agents.ts';
import { clientOf } from '../identity.testing.ts';

const SHOWN = 'id name scopes hint expiresAt lastUsedAt rotatedAt previousSecret { hint expiresAt lastUsedAt }';
const ANSWER = `key apiKey { ${SHOWN} } userErrors { code message path }`;
const DAY_MS = 86_400_000;

let agents: TestAgents;
let client: ReturnType<typeof clientOf>;
beforeAll(async () => {
  agents = await openAgents(['customer', 'identity']);
  client = clientOf(agents);
});
afterAll(() => agents.close());

let owner: Actor;
let first: string;
let id: string;
beforeEach(async () => {
  owner = await client.staff('OPERATOR');
  ({ key: first, id } = await made(owner));
});

async function made(by: Actor, more: object = {}): Promise<{ key: string; id: string }> {
  const input = { name: 'nightly export', scopes: ['order:read'], ...more };
  const { key, apiKey } = await client.mutate('createApiKey', input, 'key apiKey { id }', by);
  return { key, id: apiKey.id };
}
const rotate = (more: object = {}, by = owner) =>
  client.mutate('rotateApiKey', { id, idempotencyKey: newId('key'), ...more }, ANSWER, by);
const endPrevious = (by = owner, of = id) =>
  client.mutate('revokeApiKeyPreviousSecret', { id: of }, 'revoked userErrors { code path }', by);
const shown = async (): Promise<any> => {
  const { data } = await agents.ask('identity', `{ myApiKeys { ${SHOWN} } }`, {}, owner);
  return data!.myApiKeys.find((key: { id: string }) => key.id === id);
};
/** The identity that a gateway gets for a secret; null if it is not good. */
const identityOf = async (key: string): Promise<any> => {
  const query = 'query ($hash: ID!) { apiKeyIdentity(hash: $hash) { id userId scopes expiresAt } }';
  return (await agents.ask('identity', query, { hash: hashOfApiKey(key) }, service)).data!.apiKeyIdentity;
};
const rows = async (text: string, ...values: unknown[]) => (await raw<any>(agents.kysely, text, values)).rows;
const row = async () => (await rows('select * from identity.api_key where id = $1', id))[0];
const later = (ms: number): string => new Date(agents.clock.now().getTime() + ms).toISOString();
const eventsOfKey = () =>
  rows(
    `select type, aggregate_version as version, payload from platform.event_log where aggregate_id = $1 order by aggregate_version`,
    id,
  );

test('a rotated key has a new secret, and the same id, name, scopes, owner and expiry', async () => {
  const before = await shown();
  const end = later(DAY_MS);
  const { key, apiKey, userErrors } = await rotate();
  expect(userErrors).toEqual([]);
  expect(key).toMatch(/^agk_/);
  expect(key).not.toBe(first);
  expect(apiKey).toEqual({
    ...before,
    hint: key.slice(0, 8),
    rotatedAt: agents.clock.now().toISOString(),
    previousSecret: { hint: first.slice(0, 8), expiresAt: end, lastUsedAt: null },
  });
  expect(await identityOf(key)).toEqual({ id, userId: owner.id, scopes: ['order:read'], expiresAt: before.expiresAt });
});

test('both secrets are good during the overlap, and then the new one alone', async () => {
  const { key } = await rotate({ overlapSeconds: 3600 });
  const end = later(3_600_000);
  expect(await identityOf(first)).toEqual({ id, userId: owner.id, scopes: ['order:read'], expiresAt: end });
  agents.clock.advance(3_599_999);
  expect(await identityOf(first)).toMatchObject({ id });
  agents.clock.advance(1);
  expect(await identityOf(first)).toBeNull();
  expect(await identityOf(key)).toMatchObject({ id });
  expect((await shown()).previousSecret).toBeNull();
});

test('an overlap of zero ends the previous secret at once', async () => {
  const { key, apiKey } = await rotate({ overlapSeconds: 0 });
  expect(apiKey.previousSecret).toBeNull();
  expect(await identityOf(first)).toBeNull();
  expect(await identityOf(key)).toMatchObject({ id });
});

test('the last use is told of each secret, so that one sees which is still in use', async () => {
  await identityOf(first);
  const before = agents.clock.now().toISOString();
  const { key, apiKey } = await rotate();
  expect(apiKey).toMatchObject({ lastUsedAt: null, previousSecret: { lastUsedAt: before } });
  agents.clock.advance(61_000);
  await identityOf(first);
  const usedFirst = agents.clock.now().toISOString();
  agents.clock.advance(61_000);
  expect(await shown()).toMatchObject({ lastUsedAt: null, previousSecret: { lastUsedAt: usedFirst } });
  await identityOf(key);
  const usedNew = agents.clock.now().toISOString();
  expect(await shown()).toMatchObject({ lastUsedAt: usedNew, previousSecret: { lastUsedAt: usedFirst } });
});

test('events and the audit log tell of each step, in order and without a secret', async () => {
  const { key } = await rotate({ overlapSeconds: 60 });
  const previousExpiresAt = later(60_000);
  await endPrevious();
  await client.mutate('revokeApiKey', { id }, 'revoked', owner);
  const payload = { apiKeyId: id, userId: owner.id };
  expect(await eventsOfKey()).toEqual([
    { type: 'identity.api_key_created', version: 1, payload },
    { type: 'identity.api_key_rotated', version: 2, payload: { ...payload, previousExpiresAt } },
    { type: 'identity.api_key_previous_secret_revoked', version: 3, payload },
    { type: 'identity.api_key_revoked', version: 4, payload },
  ]);
  const entries = await rows(
    'select action, user_id, details from identity.audit_entry where object_id = $1 order by position',
    id,
  );
  expect(entries.map(({ action }) => action)).toEqual([
    'API_KEY_CREATED',
    'API_KEY_ROTATED',
    'API_KEY_PREVIOUS_SECRET_REVOKED',
    'API_KEY_REVOKED',
  ]);
  expect(JSON.parse(entries[1].details)).toEqual({ previousExpiresAt, expiresAt: expect.any(String) });
  const kept = await rows(
    `select (select json_agg(k)::text from identity.api_key k) || (select json_agg(e)::text from platform.event_log e)
       || (select json_agg(i)::text from identity.idempotency i) || (select json_agg(a)::text from identity.audit_entry a) as text`,
  );
  for (const secret of [first, key]) expect(kept[0].text).not.toContain(secret.slice(8));
  expect(kept[0].text).toContain(id);
});

describe('a repetition with the same idempotency key', () => {
  test('is answered with the same secret, and rotates nothing again', async () => {
    const idempotencyKey = newId('key');
    const answer = await rotate({ idempotencyKey });
    expect(await rotate({ idempotencyKey })).toEqual(answer);
    expect((await eventsOfKey()).map(({ type }) => type)).toEqual([
      'identity.api_key_created',
      'identity.api_key_rotated',
    ]);
    expect(await identityOf(first)).toMatchObject({ id });
  });

  test('at the same time is answered with the same secret too', async () => {
    const idempotencyKey = newId('key');
    const answers = await Promise.all(Array.from({ length: 4 }, () => rotate({ idempotencyKey })));
    expect(new Set(answers.map(({ key }) => key)).size).toBe(1);
    expect(await identityOf(answers[0]!.key)).toMatchObject({ id });
    expect(await eventsOfKey()).toHaveLength(2);
  });

  test('and another request is refused', async () => {
    const idempotencyKey = newId('key');
    const { key } = await rotate({ idempotencyKey });
    const other = await rotate({ idempotencyKey, overlapSeconds: 0 });
    expect(other).toMatchObject({ key: null, userErrors: [{ code: 'IDEMPOTENCY_KEY_REUSED' }] });
    expect(await identityOf(key)).toMatchObject({ id });
    expect(await identityOf(first)).toMatchObject({ id });
  });

  test('gets no secret after ten minutes, when it is not kept any more', async () => {
    const idempotencyKey = newId('key');
    await rotate({ idempotencyKey });
    expect((await row()).sealed_secret).toMatch(/^v1\./);
    agents.clock.advance(10 * 60_000 - 1);
    expect((await rotate({ idempotencyKey })).key).toMatch(/^agk_/);
    await agents.runJob('identity', 'forget-expired');
    expect((await row()).sealed_secret).not.toBeNull();
    agents.clock.advance(1);
    const late = await rotate({ idempotencyKey });
    expect(late).toMatchObject({ key: null, apiKey: { id }, userErrors: [] });
    agents.clock.advance(1);
    await agents.runJob('identity', 'forget-expired');
    expect((await row()).sealed_secret).toBeNull();
  });

  test('gets no secret of a later rotation', async () => {
    const idempotencyKey = newId('key');
    await rotate({ idempotencyKey, overlapSeconds: 0 });
    const { key } = await rotate({ overlapSeconds: 0 });
    expect(await rotate({ idempotencyKey, overlapSeconds: 0 })).toMatchObject({ key: null, userErrors: [] });
    expect(await identityOf(key)).toMatchObject({ id });
  });

  test('gets nothing in a session that was ended meanwhile', async () => {
    const idempotencyKey = newId('key');
    await rotate({ idempotencyKey });
    await rows(
      `update identity.session set revoked_at = now(), revoked_reason = 'ENDED_BY_USER' where id = $1`,
      owner.sessionId,
    );
    const { data, errors } = await agents.attempt('rotateApiKey', { id, idempotencyKey }, ANSWER, owner);
    expect(data?.rotateApiKey ?? null).toBeNull();
    expect((errors![0] as any).originalError.code).toBe('UNAUTHENTICATED');
  });
});

describe('a key is not rotated', () => {
  /** Asks for a rotation that is refused, and asserts that the key is as before. */
  async function refused(more: object = {}, by = owner) {
    const before = await row();
    const { key, userErrors } = await rotate(more, by);
    expect(key).toBeNull();
    expect(await row()).toEqual(before);
    return userErrors;
  }

  test('during an overlap: the secret that is in use would end', async () => {
    const { key } = await rotate();
    expect(await refused()).toMatchObject([
      { code: 'INVALID_STATE', path: ['input', 'id'], message: expect.stringContaining('revokeApiKeyPreviousSecret') },
    ]);
    for (const secret of [first, key]) expect(await identityOf(secret)).toMatchObject({ id });
  });

  test('twice by two requests at once', async () => {
    const answers = await Promise.all([rotate(), rotate()]);
    expect(answers.flatMap(({ userErrors }) => userErrors)).toMatchObject([{ code: 'INVALID_STATE' }]);
    expect(await identityOf(first)).toMatchObject({ id });
  });

  test.each([-1, 604_801, 2_147_483_647])('with an overlap of %i seconds', async (overlapSeconds) => {
    expect(await refused({ overlapSeconds })).toMatchObject([
      { code: 'INVALID_INPUT', path: ['input', 'overlapSeconds'] },
    ]);
  });

  test('to expire in the past, or in more than a year', async () => {
    for (const expiresAt of [later(-1), later(367 * DAY_MS)])
      expect(await refused({ expiresAt })).toMatchObject([{ code: 'INVALID_INPUT', path: ['input', 'expiresAt'] }]);
  });

  test('once it was revoked, or has expired', async () => {
    await rows('update identity.api_key set expires_at = $2 where id = $1', id, agents.clock.now());
    expect(await refused()).toMatchObject([{ code: 'INVALID_STATE' }]);
    ({ id } = await made(owner));
    await client.mutate('revokeApiKey', { id }, 'revoked', owner);
    expect(await refused()).toMatchObject([{ code: 'INVALID_STATE' }]);
  });

  test('by others than its owner, an administrator among them: they would have the secret', async () => {
    for (const other of [await client.staff('OPERATOR'), await client.staff('ADMIN')])
      expect(await refused({}, other)).toMatchObject([{ code: 'NOT_FOUND', path: ['input', 'id'] }]);
  });

  test('by itself, or without a recent sign-in', async () => {
    const before = await row();
    const asKey = new Actor({ id: owner.id, roles: [], scopes: ['order:read'], apiKeyId: id });
    const { errors } = await agents.attempt('rotateApiKey', { id, idempotencyKey: newId('key') }, 'key', asKey);
    expect((errors![0] as any).originalError.code).toBe('FORBIDDEN');
    expect(await row()).toEqual(before);
    agents.clock.advance(10 * 60_000 + 1);
    expect(await refused()).toMatchObject([{ code: 'REAUTHENTICATION_REQUIRED' }]);
  });
});

describe('the previous secret', () => {
  test('is ended early by its owner, and the key can be rotated again', async () => {
    const { key } = await rotate();
    expect(await endPrevious()).toEqual({ revoked: true, userErrors: [] });
    expect(await identityOf(first)).toBeNull();
    expect(await identityOf(key)).toMatchObject({ id });
    expect((await shown()).previousSecret).toBeNull();
    expect(await endPrevious()).toEqual({ revoked: false, userErrors: [] });
    const again = await rotate();
    expect(again.userErrors).toEqual([]);
    expect(await identityOf(key)).toMatchObject({ id });
    expect(await identityOf(first)).toBeNull();
  });

  test('is ended by the key itself, once its program has the new one, and by administrators', async () => {
    const { key } = await rotate();
    const asKey = new Actor({ id: owner.id, roles: [], scopes: ['order:read'], apiKeyId: id });
    expect(await endPrevious(asKey)).toEqual({ revoked: true, userErrors: [] });
    await rotate();
    expect(await endPrevious(await client.staff('ADMIN'))).toEqual({ revoked: true, userErrors: [] });
    expect(await identityOf(key)).toBeNull();
  });

  test('is not ended by others, nor by another key of its owner', async () => {
    await rotate();
    const asKey = new Actor({ id: owner.id, roles: [], scopes: ['order:read'], apiKeyId: (await made(owner)).id });
    for (const other of [await client.staff('OPERATOR'), asKey])
      expect(await endPrevious(other)).toEqual({
        revoked: null,
        userErrors: [{ code: 'NOT_FOUND', path: ['input', 'id'] }],
      });
    expect(await identityOf(first)).toMatchObject({ id });
  });

  test('of a key that was never rotated is not there to be ended, and the key stays good', async () => {
    expect(await endPrevious()).toEqual({ revoked: false, userErrors: [] });
    expect(await identityOf(first)).toMatchObject({ id });
    expect(await eventsOfKey()).toHaveLength(1);
  });

  test('ends when its key would have, although the new one lasts longer', async () => {
    ({ key: first, id } = await made(owner, { expiresAt: later(3_600_000) }));
    const [end, expiresAt] = [later(3_600_000), later(200 * DAY_MS)];
    const { key, apiKey } = await rotate({ expiresAt });
    expect(apiKey).toMatchObject({ expiresAt, previousSecret: { expiresAt: end } });
    agents.clock.advance(3_600_000);
    expect(await identityOf(first)).toBeNull();
    expect(await identityOf(key)).toMatchObject({ id, expiresAt });
  });

  test('does not outlast a key that is to expire earlier from now on', async () => {
    const expiresAt = later(60_000);
    await rotate({ expiresAt });
    expect(await identityOf(first)).toMatchObject({ expiresAt });
    agents.clock.advance(60_000);
    expect(await identityOf(first)).toBeNull();
  });

  test('is ended with its key, when that is revoked', async () => {
    const { key } = await rotate();
    await client.mutate('revokeApiKey', { id }, 'revoked', owner);
    for (const secret of [first, key]) expect(await identityOf(secret)).toBeNull();
  });

  test('loses what its maker loses, as the new one does', async () => {
    const { key } = await rotate();
    const { roles, version } = (await rows('select roles, version from identity.account where id = $1', owner.id))[0];
    expect(roles).toEqual(['OPERATOR']);
    await client.setRoles({ id: owner.id, roles: ['CUSTOMER'], expectedVersion: version }, admin);
    for (const secret of [first, key]) expect(await identityOf(secret)).toMatchObject({ id, scopes: [] });
  });
});
