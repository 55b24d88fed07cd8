/**
 * The rotation of TOKEN_KEY as docs/operations/token-keys.md tells it: gateways and identity in two processes each,
 * restarted one after the other under load, without a request refused or a session ended. It begins with a key without
 * an id, as the release before rings of keys had it.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { formatTokenKeys, newTokenKey, parseTokenKeys, verifyingKeys } from '../../platform/identity/token-keys.ts';
import { type AgentProcess, type Agora, openAgora } from '../support/agent-process.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { UNLIMITED } from '../support/unlimited.ts';
import { until } from '../support/until.ts';

const IDENTITY = ['identity', 'customer'];
const SESSION = 'accessToken refreshToken user { id } userErrors { code }';
const SIGN_UP = `mutation ($input: SignUpInput!) { session: signUp(input: $input) { ${SESSION} } }`;
const SIGN_IN = `mutation ($input: SignInInput!) { session: signIn(input: $input) { ${SESSION} } }`;
const REFRESH = `mutation ($input: RefreshSessionInput!) { session: refreshSession(input: $input) { ${SESSION} } }`;
const STATUS = `subscription ($after: String) { agentStatusChanged(agentIds: ["identity"], after: $after) { cursor status } }`;

let agora: Agora;
/** The gateways that a load balancer would send requests to. */
const gateways: GatewayProcess[] = [];
const started: GatewayProcess[] = [];
let turn = 0;
const someGateway = (): GatewayProcess => gateways[turn++ % gateways.length]!;

beforeAll(async () => {
  agora = await openAgora();
});
afterAll(async () => {
  await Promise.all(started.map((gateway) => gateway.end('SIGKILL')));
  await agora?.close();
});

/** Starts two gateways with these public keys, and puts them in the place of the two before, one after the other. */
async function gatewaysWith(TOKEN_PUBLIC_KEY: string): Promise<void> {
  const { DATABASE_URL, REQUEST_KEYS } = agora.env as Record<'DATABASE_URL' | 'REQUEST_KEYS', string>;
  const env = { ...UNLIMITED, DATABASE_URL, REQUEST_KEYS, TOKEN_PUBLIC_KEY, DRAIN_SECONDS: '1' };
  const young = await Promise.all([startGatewayProcess(env), startGatewayProcess(env)]);
  started.push(...young);
  for (const gateway of young) await until(async () => (await fetch(`${gateway.url}/health/ready`)).status === 200);
  for (const gateway of young) {
    gateways.push(gateway);
    const old = gateways.length > 2 ? gateways.shift() : undefined;
    if (old) expect(await old.end('SIGTERM')).toBe(0);
  }
}

/** Starts a process of identity with these keys, in the place of another. */
async function identityWith(TOKEN_KEY: string, inPlaceOf?: AgentProcess): Promise<AgentProcess> {
  const one = await agora.start(IDENTITY, { TOKEN_KEY });
  if (inPlaceOf) expect(await inPlaceOf.end('SIGTERM')).toBe(0);
  return one;
}

/** The states of identity's life, from the log. */
async function statuses(): Promise<string[]> {
  const { rows } = await agora.database.pool.query<{ status: string }>(
    `select payload ->> 'status' as status from platform.event_log
      where aggregate_type = 'agent' and aggregate_id = 'identity' order by aggregate_version`,
  );
  return rows.map(({ status }) => status);
}

const kidOf = (token: string): string | undefined =>
  JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()).kid;

/** A session, from what one of the mutations above answers. */
async function session(
  query: string,
  input: object,
): Promise<{ accessToken: string; refreshToken: string; id: string }> {
  const { data, errors } = await someGateway().ask(query, { input });
  if (errors ?? data.session.userErrors.length) throw new Error(JSON.stringify(errors ?? data.session.userErrors));
  return { ...data.session, id: data.session.user.id };
}

const someone = (name: string) => ({ email: `${name}@agora.test`, password: 'correct horse battery', name });

/** Whose token it is, by the graph. @throws Error if it is refused */
async function whose(accessToken: string): Promise<string> {
  const { data, errors } = await someGateway().ask('{ me { id } }', {}, accessToken);
  if (errors) throw new Error(JSON.stringify(errors));
  return data.me.id;
}

/** Subscribes at one gateway, and at another with the last cursor when its socket is closed, as clients do. */
function follow(accessToken: string) {
  const told: { cursor: string; status: string }[] = [];
  const failures: unknown[] = [];
  const sockets = { opened: 0 };
  const payload: { query: string; variables: { after?: string } } = { query: STATUS, variables: {} };
  const client = createClient({
    url: () => `${someGateway().url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${accessToken}` },
    retryAttempts: 20,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, 20)),
    on: { connected: () => void sockets.opened++ },
  });
  client.subscribe<{ agentStatusChanged: { cursor: string; status: string } }>(payload as never, {
    next: ({ data, errors }) => {
      if (!data?.agentStatusChanged) return void failures.push(errors);
      told.push(data.agentStatusChanged);
      payload.variables.after = data.agentStatusChanged.cursor;
    },
    error: (error) => failures.push(error),
    complete: () => {},
  });
  return { told, failures, sockets, stop: () => client.dispose() };
}

test('TOKEN_KEY is rotated under load: no request is refused, no session ends, and the old key is dropped', async () => {
  const [old] = parseTokenKeys(agora.env.TOKEN_KEY!);
  const young = newTokenKey();
  const oldHalf = verifyingKeys([old])[0];
  const [firstOf, secondOf] = [formatTokenKeys([old]), formatTokenKeys([young, oldHalf])];
  const [one, two] = await Promise.all([
    identityWith(firstOf),
    identityWith(firstOf),
    agora.start(['orchestration']),
    gatewaysWith(formatTokenKeys([oldHalf])),
  ]);
  let n = 0;
  await until('the gateways find identity', () =>
    session(SIGN_UP, someone(`finder.${n++}`)).then(Boolean, () => false),
  );

  const keeper = await session(SIGN_UP, someone('keeper'));
  let refreshed = await session(SIGN_UP, someone('refresher'));
  const { id: viewer } = await session(SIGN_UP, someone('viewer'));
  await agora.database.pool.query(`update identity.account set roles = '{VIEWER}' where id = $1`, [viewer]);
  const { email, password } = someone('viewer');
  const before = (await statuses()).length;
  const watching = follow((await session(SIGN_IN, { email, password })).accessToken);
  await until('the subscription is open', () => watching.sockets.opened === 1);

  const [failures, kids]: [unknown[], (string | undefined)[]] = [[], []];
  const seen = (kid: string | undefined): boolean => kids.includes(kid);
  let [isOver, asked] = [false, 0];
  const keep = async (act: () => Promise<unknown>): Promise<void> => {
    while (!isOver) {
      await act().then(
        () => asked++,
        (error: unknown) => failures.push(error),
      );
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const load = Promise.all([
    keep(async () => expect(await whose(keeper.accessToken)).toBe(keeper.id)),
    keep(async () => expect(await whose(refreshed.accessToken)).toBe(refreshed.id)),
    keep(async () => {
      refreshed = await session(REFRESH, { refreshToken: refreshed.refreshToken });
      kids.push(kidOf(refreshed.accessToken));
      expect(await whose(refreshed.accessToken)).toBe(refreshed.id);
    }),
  ]);
  try {
    await until('a session is refreshed', () => kids.length > 0);
    // 1. All gateways verify the new key; nothing is signed with it yet.
    await gatewaysWith(formatTokenKeys([oldHalf, verifyingKeys([young])[0]]));
    expect(new Set(kids)).toEqual(new Set([undefined]));
    // 2. Identity signs with it, at first in one of its two processes.
    await identityWith(secondOf, one);
    kids.length = 0;
    await until('both keys sign', () => seen(undefined) && seen(young.id));
    await identityWith(secondOf, two);
    kids.length = 0;
    await until('sessions are refreshed by the new processes', () => kids.length > 10);
    expect(new Set(kids.slice(-5))).toEqual(new Set([young.id]));
    // A token of the old key is good all the while, in every gateway.
    for (const _ of gateways) expect(await whose(keeper.accessToken)).toBe(keeper.id);
  } finally {
    isOver = true;
    await load;
  }
  expect(failures).toEqual([]);
  expect(asked).toBeGreaterThan(20);

  const happened = (await statuses()).slice(before);
  // Each of the two new processes of identity told that it starts, and that it runs.
  expect(happened.length).toBeGreaterThanOrEqual(4);
  await until('the subscription has the last event', () => watching.told.length >= happened.length);
  expect(watching.told.map(({ status }) => status)).toEqual(happened);
  expect(watching.sockets.opened).toBeGreaterThan(1);
  expect(watching.failures).toEqual([]);
  await watching.stop();

  // 3. The old key is dropped, by gateways alone: then its tokens are refused, and their sessions go on all the same.
  await gatewaysWith(formatTokenKeys(verifyingKeys([young])));
  for (const _ of gateways) await expect(whose(keeper.accessToken)).rejects.toThrow('UNAUTHENTICATED');
  const renewed = await session(REFRESH, { refreshToken: keeper.refreshToken });
  expect(kidOf(renewed.accessToken)).toBe(young.id);
  expect(await whose(renewed.accessToken)).toBe(keeper.id);
  expect(await whose(refreshed.accessToken)).toBe(refreshed.id);
}, 300_000);
