/** API keys at the front door: HTTP and WebSocket, what they may do, and how soon one that is revoked is refused. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { openPlatform, type SigningPlatform, watch } from '../support/platform.ts';
import { done, until } from '../support/shop.ts';

let shop: SigningPlatform;
beforeAll(async () => {
  shop = await openPlatform();
});
afterAll(() => shop.close());

const as = async (token: string, query: string, variables: object = {}) => {
  const response = await fetch(shop.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  return { status: response.status, ...((await response.json()) as { data?: any; errors?: any[] }) };
};

const SIGN_UP = `mutation ($input: SignUpInput!) { signUp(input: $input) { accessToken user { id } userErrors { code } } }`;
const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { accessToken userErrors { code } } }`;
const CREATE = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { key apiKey { id hint scopes expiresAt lastUsedAt } userErrors { code path } } }`;
const REVOKE = `mutation ($id: ID!) { revokeApiKey(input: { id: $id }) { revoked userErrors { code } } }`;
const UNAUTHENTICATED = { status: 401, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] };
const FORBIDDEN = [{ extensions: { code: 'FORBIDDEN' } }];

let n = 0;
/** Somebody of the staff, signed in. */
async function staff(...roles: string[]) {
  const credentials = { email: `staff.${++n}@example.com`, password: 'correct horse battery' };
  const { signUp } = await done(shop.ask(SIGN_UP, { input: { ...credentials, name: 'Staff' } }));
  await sql`update identity.account set roles = ${roles} where id = ${signUp.user.id}`.execute(shop.kysely);
  const { signIn } = await done(shop.ask(SIGN_IN, { input: credentials }));
  return { id: signUp.user.id as string, token: signIn.accessToken as string };
}
const keyOf = async (token: string, ...scopes: string[]) =>
  (await as(token, CREATE, { input: { name: 'nightly export', scopes } })).data.createApiKey;

test('a key does what its scopes say, and nothing else that its maker may', async () => {
  const { id, token } = await staff('OPERATOR');
  const { key, apiKey, userErrors } = await keyOf(token, 'order:read');
  expect({ userErrors, apiKey }).toMatchObject({
    userErrors: [],
    apiKey: { scopes: ['order:read'], lastUsedAt: null },
  });
  expect(key.startsWith(apiKey.hint)).toBe(true);
  expect((await as(key, '{ me { id } orders(first: 1) { nodes { id } } }')).data).toEqual({
    me: { id },
    orders: { nodes: [] },
  });
  const denied = `mutation { createProduct(input: { name: "x", merchantId: "m", variants: [] }) { userErrors { code } } }`;
  expect((await as(token, denied)).errors).toBeUndefined();
  expect((await as(key, denied)).errors).toMatchObject(FORBIDDEN);
  const { data } = await as(token, '{ myApiKeys { id name lastUsedAt } }');
  expect(data.myApiKeys).toEqual([{ id: apiKey.id, name: 'nightly export', lastUsedAt: expect.any(String) }]);
});

test('a key does nothing about the account of its maker', async () => {
  const { token } = await staff('ADMIN');
  const { key } = await keyOf(token, '*:admin', '*:write', '*:read');
  for (const query of ['{ mySessions { id } }', '{ myApiKeys { id } }', 'mutation { revokeOtherSessions { ended } }'])
    expect((await as(key, query)).errors).toMatchObject(FORBIDDEN);
  expect((await as(key, CREATE, { input: { name: 'more', scopes: ['order:read'] } })).errors).toMatchObject(FORBIDDEN);
});

test('nobody makes a key for what they may not', async () => {
  const { token } = await staff('VIEWER');
  expect(await keyOf(token, 'order:write')).toEqual({
    key: null,
    apiKey: null,
    userErrors: [{ code: 'SCOPE_NOT_YOURS', path: ['input', 'scopes'] }],
  });
});

test('a key that is revoked is refused at once, over HTTP and at a new socket', async () => {
  const { id, token } = await staff('OPERATOR');
  const { key, apiKey } = await keyOf(token, '*:read');
  expect((await as(key, '{ me { id } }')).status).toBe(200);
  const overSocket = () =>
    watch(shop.url.replace('http', 'ws'), { query: '{ me { id } }' }, async () => ({ authorization: `Bearer ${key}` }));
  expect(await overSocket().until((events) => events.length > 0)).toMatchObject([{ data: { me: { id } } }]);
  expect((await as(key, REVOKE, { id: apiKey.id })).data.revokeApiKey).toEqual({ revoked: true, userErrors: [] });
  expect(await as(key, '{ me { id } }')).toMatchObject(UNAUTHENTICATED);
  await expect(overSocket().until((events) => events.length > 0)).rejects.toThrow('waited in vain');
});

test('a key is refused when it is mistyped, unknown, expired, or when its maker lost the role', async () => {
  const { id, token } = await staff('OPERATOR');
  const { key, apiKey } = await keyOf(token, 'order:read');
  expect(await as(`${key.slice(0, -1)}!`, '{ me { id } }')).toMatchObject(UNAUTHENTICATED);
  const unknown = (await keyOf(token, 'order:read')).apiKey.id;
  await sql`delete from identity.api_key where id = ${unknown}`.execute(shop.kysely);
  await sql`update identity.account set roles = '{CUSTOMER}' where id = ${id}`.execute(shop.kysely);
  const seen = await as(key, '{ me { id } orders(first: 1) { totalCount } }');
  expect(seen.data.me).toEqual({ id });
  await sql`update identity.api_key set expires_at = now() where id = ${apiKey.id}`.execute(shop.kysely);
  // What a gateway remembers of it is over within seconds.
  await until(
    () => as(key, '{ me { id } }'),
    ({ status }) => status === 401,
    'an expired key is still good',
  );
});

test('no key stands in the database', async () => {
  const { token } = await staff('OPERATOR');
  const { key } = await keyOf(token, 'order:read');
  const { rows } = await sql`select to_jsonb(k) as row from identity.api_key k`.execute(shop.kysely);
  const log = await sql`select payload from platform.event_log where type like 'identity.api_key%'`.execute(
    shop.kysely,
  );
  expect(rows.length).toBeGreaterThan(0);
  expect(log.rows.length).toBeGreaterThan(0);
  expect(JSON.stringify([rows, log.rows])).not.toContain(key.slice(8));
});
