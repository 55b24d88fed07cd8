/** Invalid tokens, over HTTP and WebSocket, on the whole of Agora: refused clearly, and nothing is done. */
import { generateKeyPairSync } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import WebSocket from 'ws';
import { hostileTokens } from '../support/hostile-tokens.ts';
import { type EmbeddedPlatform, openEmbedded } from '../support/platform.ts';

let shop: EmbeddedPlatform;
let tokens: Map<string, string>;
beforeAll(async () => {
  shop = await openEmbedded();
  tokens = new Map(hostileTokens(shop.agents.tokenKey).map(({ name, token }) => [name, token]));
});
afterAll(() => shop?.close());

/** For the names of the tests: their tokens are made again with the key of this run. */
const NAMES = hostileTokens(generateKeyPairSync('ed25519').privateKey).map(({ name }) => name);

const PASSWORD = 'correct horse battery';
const SIGN_UP = `mutation ($input: SignUpInput!) { signUp(input: $input) { accessToken refreshToken user { id } } }`;
let n = 0;
const someone = () => ({ email: `somebody.${++n}@example.com`, password: PASSWORD, name: 'Ada' });
const accounts = async (): Promise<number> =>
  (await shop.kysely.selectFrom('identity.account').select('id').execute()).length;

const post = (authorization: string): Promise<Response> =>
  fetch(shop.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify({ query: SIGN_UP, variables: { input: someone() } }),
  });

/**
 * 4403 is for the `connection_init`, 4401 for an operation that came before its answer, whichever comes first; 1009 for
 * a message that is too large.
 */
const SHUT = { isShut: true, told: [] };

/** Opens a socket with this token. Whether it is closed for that, and the messages before. */
function open(authorization: string): Promise<{ isShut: boolean; told: string[] }> {
  const socket = new WebSocket(shop.url.replace('http', 'ws'), 'graphql-transport-ws');
  const told: string[] = [];
  return new Promise((resolve, reject) => {
    socket.on('error', reject).on('message', (data) => told.push(String(data)));
    socket.on('close', (code) => resolve({ isShut: [4401, 4403, 1009].includes(code), told }));
    socket.on('open', () => {
      socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }));
      const payload = { query: SIGN_UP, variables: { input: someone() } };
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
    });
  });
}

/** The refusal of a token over HTTP. */
async function expectRefused(authorization: string): Promise<void> {
  const response = await post(authorization);
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toContain('invalid_token');
  expect(await response.json()).toEqual({
    errors: [
      {
        message: expect.stringMatching(/access token|API key/),
        extensions: expect.objectContaining({ code: 'UNAUTHENTICATED' }),
      },
    ],
  });
}

test('a valid token passes over both, so the refusals below are for their reasons', async () => {
  const before = await accounts();
  const { signUp } = ((await (await post('')).json()) as any).data;
  const response = await post(`Bearer ${signUp.accessToken}`);
  expect(response.status).toBe(200);
  expect(await accounts()).toBe(before + 2);
});

describe('refused over HTTP with 401, and over WebSocket by closing, is a token with', () => {
  test.each(NAMES)('%s', async (name) => {
    const before = await accounts();
    const authorization = `Bearer ${tokens.get(name)}`;
    await expectRefused(authorization);
    expect(await open(authorization)).toEqual(SHUT);
    expect(await accounts()).toBe(before);
  });
});

test('a token for another purpose is no access token', async () => {
  const { signUp } = ((await (await post('')).json()) as any).data;
  const ids = await shop.kysely.selectFrom('identity.recovery_token').select(['id', 'sealed']).execute();
  const mailed = shop.agents.secrets.open(ids.at(-1)!.sealed, `recovery:${ids.at(-1)!.id}`);
  const before = await accounts();
  for (const token of [signUp.refreshToken, mailed, signUp.user.id]) {
    await expectRefused(`Bearer ${token}`);
    expect(await open(`Bearer ${token}`)).toEqual(SHUT);
  }
  await expectRefused(`Basic ${Buffer.from('admin@agora.test:agora-demo').toString('base64')}`);
  await expectRefused(`Bearer Bearer ${signUp.accessToken}`);
  expect(await accounts()).toBe(before);
});

test('the token of an order opens that order, and no account', async () => {
  const { data } = await shop.agents.ask(
    'identity',
    'mutation { issueGuestToken(input: { orderId: "order_01jz00000000000000000000aa" }) { token } }',
  );
  const guest = data!.issueGuestToken.token as string;
  const ask = async (query: string) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${guest}` };
    return (await fetch(shop.url, { method: 'POST', headers, body: JSON.stringify({ query }) })).json();
  };
  expect(await ask('{ me { id } }')).toMatchObject({ data: { me: null } });
  for (const query of [
    '{ mySessions { id } }',
    '{ mySecondFactor { confirmedAt } }',
    '{ users { nodes { id } } }',
    'mutation { enrollTotp(input: {}) { secret } }',
    'mutation { createApiKey(input: { name: "k", scopes: ["order:read"] }) { key } }',
    'mutation { changePassword(input: { currentPassword: "a", newPassword: "b" }) { done } }',
  ])
    expect(await ask(query)).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
});

/** Sends by hand: a client that is answered while it still sends may not read the answer. */
function raw(authorization: string): Promise<string> {
  const { hostname, port } = new URL(shop.url);
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(Number(port), hostname);
    socket
      .on('data', (data) => (answer += data))
      .on('error', () => {})
      .on('close', () => resolve(answer.split('\r\n')[0]!));
    const body = JSON.stringify({ query: SIGN_UP, variables: { input: someone() } });
    const head = ['POST /graphql HTTP/1.1', 'Host: localhost', 'Content-Type: application/json'];
    socket.write([...head, `Authorization: ${authorization}`, `Content-Length: ${body.length}`, '', body].join('\r\n'));
  });
}

test('a token of a megabyte is not even read', async () => {
  const before = await accounts();
  const token = 'a'.repeat(1_000_000);
  expect(await raw(`Bearer ${token}`)).toBe('HTTP/1.1 431 Request Header Fields Too Large');
  expect(await open(`Bearer ${token}`)).toEqual(SHUT);
  expect(await open(`Bearer ${token.slice(0, 200_000)}`)).toEqual(SHUT);
  expect(await accounts()).toBe(before);
});

test('an invalid token is not accepted on an open socket', async () => {
  const { signUp } = ((await (await post('')).json()) as any).data;
  const socket = new WebSocket(shop.url.replace('http', 'ws'), 'graphql-transport-ws');
  const closed = new Promise((resolve) => socket.on('close', resolve));
  socket.on('open', () =>
    socket.send(
      JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${signUp.accessToken}` } }),
    ),
  );
  socket.once('message', () =>
    socket.send(JSON.stringify({ type: 'ping', payload: { authorization: `Bearer ${tokens.get('alg none')}` } })),
  );
  expect(await closed).toBe(4403);
});
