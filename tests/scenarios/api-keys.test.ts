/** API keys at the front door: HTTP and WebSocket, their rights, and how soon a revoked one is refused. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createClient } from 'graphql-ws';
import { sql } from 'kysely';
import WebSocket from 'ws';
import { openPlatform, type SigningPlatform, watch } from '../support/platform.ts';
import { done } from '../support/shop.ts';
import { untilAnswer } from '../support/until.ts';

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
/** A signed-in user of the staff. */
async function staff(...roles: string[]) {
  const credentials = { email: `staff.${++n}@example.com`, password: 'correct horse battery' };
  const { signUp } = await done(shop.ask(SIGN_UP, { input: { ...credentials, name: 'Staff' } }));
  await sql`update identity.account set roles = ${roles} where id = ${signUp.user.id}`.execute(shop.kysely);
  const { signIn } = await done(shop.ask(SIGN_IN, { input: credentials }));
  return { id: signUp.user.id as string, token: signIn.accessToken as string };
}
const keyOf = async (token: string, ...scopes: string[]) =>
  (await as(token, CREATE, { input: { name: 'nightly export', scopes } })).data.createApiKey;

test('a key has the rights of its scopes, and no others of its maker', async () => {
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

test('a user cannot make a key with rights that they lack', async () => {
  const { token } = await staff('VIEWER');
  expect(await keyOf(token, 'order:write')).toEqual({
    key: null,
    apiKey: null,
    userErrors: [{ code: 'SCOPE_NOT_YOURS', path: ['input', 'scopes', '0'] }],
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
  // The gateway's cache of it expires within seconds.
  await untilAnswer(
    () => as(key, '{ me { id } }'),
    ({ status }) => status === 401,
    'an expired key is still good',
  );
});

test('no key is stored in the database in plain text', async () => {
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

/** A signed-in user of a merchant. */
async function seller(merchantId: string) {
  const who = await staff('CUSTOMER');
  await become(who.id, ['MERCHANT'], merchantId);
  const { signIn } = await done(
    shop.ask(SIGN_IN, { input: { email: `staff.${n}@example.com`, password: 'correct horse battery' } }),
  );
  return { id: who.id, token: signIn.accessToken as string };
}
const become = (id: string, roles: string[], merchantId: string | null = null) =>
  sql`update identity.account set roles = ${roles}, merchant_id = coalesce(${merchantId}, merchant_id) where id = ${id}`.execute(
    shop.kysely,
  );
const MAKE = `mutation ($input: CreateProductInput!) { createProduct(input: $input) { product { id name merchantId } userErrors { code } } }`;
const RENAME = `mutation ($input: UpdateProductInput!) { updateProduct(input: $input) { product { name } userErrors { code } } }`;
const make = async (token: string, slug: string, merchantId?: string) =>
  (await as(token, MAKE, { input: { name: slug, slug, merchantId, variants: [] } })).data.createProduct;
const rename = async (token: string, id: string, name: string, expectedVersion: number) => {
  const { data, errors } = await as(token, RENAME, { input: { id, name, expectedVersion } });
  return errors?.[0].extensions.code ?? data.updateProduct.userErrors[0]?.code ?? data.updateProduct.product.name;
};

test("a merchant's key does not open others' rows when its maker becomes an operator", async () => {
  const maker = await seller('merchant_a');
  const [before, after] = [await keyOf(maker.token, 'product:write'), await keyOf(maker.token, 'product:write')];
  const own = (await make(before.key, 'key-own')).product;
  expect(own.merchantId).toBe('merchant_a');
  const operator = await staff('OPERATOR');
  const others = (await make(operator.token, 'key-others', 'merchant_b')).product;
  expect(await rename(before.key, others.id, 'taken', 1)).toBe('NOT_FOUND');

  await become(maker.id, ['OPERATOR']);
  // No gateway has seen this one before.
  expect(await rename(after.key, others.id, 'taken', 1)).toBe('NOT_FOUND');
  expect((await as(after.key, `{ product(id: "${others.id}") { id } }`)).data.product).toBeNull();
  expect((await make(after.key, 'key-for-another', 'merchant_b')).product?.merchantId).not.toBe('merchant_b');
  expect(await rename(after.key, own.id, 'renamed', 1)).toBe('renamed');
});

test("a merchant's key does not move to another merchant with its maker", async () => {
  const maker = await seller('merchant_a');
  const { key } = await keyOf(maker.token, 'product:write');
  const [of, other] = [await seller('merchant_a'), await seller('merchant_c')];
  const left = (await make(of.token, 'key-left')).product;
  const theirs = (await make(other.token, 'key-theirs')).product;
  await become(maker.id, ['MERCHANT'], 'merchant_c');
  for (const { id } of [left, theirs]) {
    expect(await rename(key, id, 'taken', 1)).toBe('FORBIDDEN');
    expect((await as(key, `{ product(id: "${id}") { id } }`)).data.product).toBeNull();
  }
});

test('a key can read what it writes: its user could not tell null from nothing done', async () => {
  const { token } = await staff('OPERATOR');
  const { key, apiKey } = await keyOf(token, 'product:write');
  expect(apiKey.scopes).toEqual(['product:write', 'product:read']);
  expect(await make(key, 'key-alone', 'merchant_z')).toEqual({
    product: { id: expect.any(String), name: 'key-alone', merchantId: 'merchant_z' },
    userErrors: [],
  });
  const customer = (
    await sql<{ id: string }>`select id from customer.customer order by id limit 1`.execute(shop.kysely)
  ).rows[0]!;
  const UPDATE = `mutation ($input: UpdateCustomerInput!) { updateCustomer(input: $input) { customer { name } userErrors { code } } }`;
  const update = async (...scopes: string[]) => {
    const made = await keyOf(token, ...scopes);
    const input = { id: customer.id, name: 'Named By A Program', expectedVersion: 1 };
    return (await as(made.key, UPDATE, { input })).data.updateCustomer;
  };
  expect(await update('customer:write')).toEqual({ customer: null, userErrors: [{ code: 'NOT_FOUND' }] });
  expect(await update('customer:write', 'customer:personal')).toEqual({
    customer: { name: 'Named By A Program' },
    userErrors: [],
  });
});

test('a socket that was opened with a key is closed when its maker loses the role, while the client is silent', async () => {
  const { id, token } = await staff('OPERATOR');
  const { key } = await keyOf(token, '*:read');
  const [connected, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<{ code: number }>()];
  const client = createClient({
    url: shop.url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => {},
    connectionParams: { authorization: `Bearer ${key}` },
    on: { connected: () => connected.resolve(), closed: (event) => closed.resolve(event as { code: number }) },
  });
  await connected.promise;
  await become(id, ['CUSTOMER']);
  expect((await closed.promise).code).toBe(4401);
  await client.dispose();
});
