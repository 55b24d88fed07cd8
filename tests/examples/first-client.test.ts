import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { type CopiedClient, copyClient } from '../support/copied-client.ts';
import { openPlatform, type TestPlatform } from '../support/platform.ts';
import { ADDRESS, done, forSale } from '../support/shop.ts';
import { untilAnswer } from '../support/until.ts';

const ACCOUNT = { email: 'ada@example.test', password: 'a password for a test' };

const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { accessToken userErrors { message } } }`;
/** Short, so that a subscription outlives several. */
const TOKEN_SECONDS = 3;
const SEVERAL_TOKENS_MS = 2.5 * TOKEN_SECONDS * 1000;

let shop: TestPlatform;
let variantId: string;
beforeAll(async () => {
  shop = await openPlatform({ config: { ACCESS_TOKEN_SECONDS: String(TOKEN_SECONDS) } });
  const signUp = `mutation ($input: SignUpInput!) { signUp(input: $input) { userErrors { message } } }`;
  await done(shop.ask(signUp, { input: { ...ACCOUNT, name: 'Ada' } }));
  variantId = await forSale(shop, { price: '12.00' });
});
afterAll(() => shop.close());

test('the first client buys something and prints its updates until the order is being processed', async () => {
  const { code, output, errors } = await demo(shop.url);
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  expect(output).toMatch(/Found TEST-.*: 12\.00 EUR, 100 available/);
  expect(statusesIn(output)).toEqual(['PENDING', 'CONFIRMED', 'PROCESSING']);
  expect(output).toMatch(/PROCESSING, payment CAPTURED/);
});

test('the first client prints the updates of a declined order until it is cancelled', async () => {
  const { code, output, errors } = await demo(shop.url, '--token', 'tok_declined');
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  expect(statusesIn(output)).toEqual(['PENDING', 'CANCELLED']);
  expect(output).toMatch(/CANCELLED, because of PAYMENT_DECLINED/);
});

test('the first client goes on when its access token has expired, and hears of later updates', async () => {
  const ended = demo(shop.url, '--token', 'tok_3ds');
  const waiting = await waitingOrder();
  await new Promise((resolve) => setTimeout(resolve, SEVERAL_TOKENS_MS));
  await asCustomer(`mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) { userErrors { message } } }`, {
    input: { orderId: waiting.id, idempotencyKey: 'enough' },
  });
  const { code, output, errors } = await ended;
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  expect(output).toMatch(/CANCELLED, because of CUSTOMER_REQUEST/);
});

test('the first client whose session was ended says in a line to sign in again', async () => {
  const ended = demo(shop.url, '--token', 'tok_3ds');
  await waitingOrder();
  await asCustomer(END_OTHERS);
  const { code, errors } = await ended;
  expect(code).toBe(1);
  expect(errors).toMatch(/^.*sign in again\.\n$/);
});

test('the client of docs/live-updates.md subscribes again when something passing has ended its subscription', async () => {
  const unavailable = { errors: [{ message: 'Away.', extensions: { code: 'UNAVAILABLE' } }] };
  const update = { data: { orderUpdated: { cursor: 'g.1.1', status: 'PENDING', order: { number: 'AG-1' } } } };
  const asked: unknown[] = [];
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'graphql-transport-ws' });
  server.on('connection', (socket) =>
    socket.on('message', (text) => {
      const { type, id, payload } = JSON.parse(String(text));
      const answer = (message: object) => socket.send(JSON.stringify(message));
      if (type === 'connection_init') answer({ type: 'connection_ack' });
      if (type !== 'subscribe') return;
      asked.push(payload.variables);
      if (asked.length === 1) answer({ id, type: 'next', payload: update });
      else if (asked.length === 2) return answer({ id, type: 'error', payload: unavailable.errors });
      answer({ id, type: 'next', payload: unavailable });
      answer({ id, type: 'complete' });
    }),
  );
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { child } = runPage(url);
  try {
    await untilAnswer(
      async () => asked,
      ({ length }) => length >= 4,
      'it does not subscribe again',
    );
    expect(asked.slice(0, 4)).toEqual([{}, ...Array(3).fill({ after: 'g.1.1' })]);
  } finally {
    child.kill();
    server.close();
  }
});

test('the client of docs/live-updates.md outlives its token and its session, by graphql-ws as it is', async () => {
  // Its renewal by ping would come after minutes: so this one meets the expiry of every token.
  const { child, output } = runPage(shop.url.replace('http', 'ws'));
  try {
    // Without a cursor a subscription begins now, so it must have begun before the order that it is to hear of.
    await untilAnswer(
      async () => (output().includes('AG-') ? output() : (await buy(), output())),
      (text) => text.includes('AG-'),
      'no order was heard of',
    );
    await new Promise((resolve) => setTimeout(resolve, SEVERAL_TOKENS_MS));
    await asCustomer(END_OTHERS);
    const number = await buy();
    await untilAnswer(
      async () => output(),
      (text) => text.includes(`${number} PROCESSING`),
      'the later order was not heard of',
    );
    const told = output().trim().split('\n');
    expect(told.filter((line) => !/^AG-\d+ [A-Z]+$/.test(line))).toEqual([]);
    expect(new Set(told).size).toBe(told.length);
  } finally {
    child.kill();
  }
});

test('the first client says so where Agora is not running, and which variable has its address', async () => {
  const { code, errors } = await demo('http://127.0.0.1:1/graphql');
  expect(code).toBe(1);
  expect(errors).toMatch(
    /^Agora does not answer at http:\/\/127\.0\.0\.1:1\/graphql\. Is it running\?.* in AGORA_URL\.\n$/,
  );
});

describe('a copy of the first client, made by the steps of its page,', () => {
  let copy: CopiedClient;
  beforeAll(async () => {
    copy = await copyClient();
  });
  afterAll(() => copy.remove());

  test('runs with what the page says to install', async () => {
    const { child, output, errors } = run(['first-client/main.ts'], shop.url, copy.folder);
    await once(child, 'close');
    expect({ code: child.exitCode, errors: errors() }).toEqual({ code: 0, errors: '' });
    expect(statusesIn(output())).toEqual(['PENDING', 'CONFIRMED', 'PROCESSING']);
  });

  test('generates the types that it came with, and is checked by them', async () => {
    const types = join(copy.folder, 'first-client/gql');
    const before = filesIn(types);
    rmSync(types, { recursive: true });
    await expect(copy.run('npx tsc')).rejects.toThrow('gql/index.ts');
    await copy.run('npx graphql-codegen --config codegen.ts');
    expect(filesIn(types)).toEqual(before);
    expect(await copy.run('npx tsc')).toBe('');
  });
});

const filesIn = (folder: string): string[][] =>
  readdirSync(folder)
    .sort()
    .map((name) => [name, readFileSync(join(folder, name), 'utf8')]);

/** Runs the program of docs/live-updates.md with this address. */
function runPage(url: string) {
  const page = readFileSync('docs/live-updates.md', 'utf8');
  const program = /```js\n([\s\S]*?)```/.exec(page)![1]!.replace('ws://localhost:4000/graphql', url);
  return run(['--input-type=module', '--eval', `${FRESH_TOKEN}\n${program}`]);
}

const END_OTHERS = 'mutation { revokeOtherSessions { userErrors { code } } }';

/** The function that the page leaves to its reader, in the plainest way. */
const FRESH_TOKEN = `let token;
const freshToken = async (isRefused) => {
  if (token && !isRefused) return token;
  const body = JSON.stringify({ query: ${JSON.stringify(SIGN_IN)}, variables: { input: ${JSON.stringify(ACCOUNT)} } });
  const answer = await fetch(process.env.AGORA_URL, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return (token = (await answer.json()).data.signIn.accessToken);
};`;

/** Sends an operation as the customer who signed up. */
async function asCustomer(query: string, variables: Record<string, unknown> = {}) {
  const { signIn } = await done(shop.ask(SIGN_IN, { input: ACCOUNT }));
  const response = await fetch(shop.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${signIn.accessToken}` },
    body: JSON.stringify({ query, variables }),
  });
  return done(response.json() as ReturnType<typeof shop.ask>);
}

/** The customer's newest order, once its buyer must confirm the payment. */
const waitingOrder = () =>
  untilAnswer(
    newest,
    (order) => order?.status === 'PENDING' && order.paymentStatus === 'REQUIRES_ACTION',
    'no order waits',
  );

/** The customer's newest order. */
const newest = async () =>
  (await asCustomer(`{ orders(first: 1) { nodes { id status paymentStatus } } }`)).orders.nodes[0];

/** Places an order, and returns its number. */
async function buy(): Promise<string> {
  const { placeOrder } = await asCustomer(
    `mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { order { number } userErrors { message } } }`,
    {
      input: {
        lines: [{ variantId, quantity: 1 }],
        shippingAddress: ADDRESS,
        payment: { token: 'tok_ok' },
        idempotencyKey: randomUUID(),
      },
    },
  );
  return placeOrder.order.number;
}

/** Runs `npm run demo` as its script does, but for npm. */
async function demo(url: string, ...args: string[]): Promise<{ code: number | null; output: string; errors: string }> {
  const { child, output, errors } = run(['bin/agora.mjs', 'examples/first-client/main.ts', ...args], url);
  const [code] = await once(child, 'close');
  return { code, output: output(), errors: errors() };
}

function run(program: string[], url = shop.url, cwd?: string) {
  const { email: AGORA_EMAIL, password: AGORA_PASSWORD } = ACCOUNT;
  const env = { ...process.env, AGORA_URL: url, AGORA_EMAIL, AGORA_PASSWORD, NODE_OPTIONS: '' };
  const child = spawn(process.execPath, program, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 80_000 });
  const written = { output: '', errors: '' };
  child.stdout.on('data', (part) => (written.output += part));
  child.stderr.on('data', (part) => (written.errors += part));
  return { child, output: () => written.output, errors: () => written.errors };
}

const statusesIn = (output: string): string[] =>
  [...output.matchAll(/order\.\w+ +([A-Z_]+)/g)].map(([, status]) => status!);
