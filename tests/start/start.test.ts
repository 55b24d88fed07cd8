/** `npm start` as a newcomer meets it: the first start, the second, the end, and what may hinder each. */
import { execFile } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { keysOf } from '../../bin/distributed/cluster.ts';
import { serverIdentity } from '../../db/embedded-postgres/identity.ts';
import { createPool } from '../../db/pool.ts';
import { formatKeyRing, newKey } from '../../platform/secrets/key-ring.ts';
import { type AgoraProcess, databaseOf, runAgora, startAgora, temporaryData } from '../support/agora-process.ts';
import { testDatabase } from '../support/database.ts';
import { until, untilAnswer } from '../support/until.ts';

const folder = temporaryData();
const { data } = folder;
let agora: AgoraProcess | undefined;

const start = async (args: string[] = [], env?: Record<string, string>): Promise<AgoraProcess> =>
  (agora = await startAgora({ data, args, env }));

afterAll(async () => {
  await agora?.end('SIGKILL');
  await folder.remove();
});

/** The graph's answer to a query. */
async function ask({ url }: AgoraProcess, query: string, variables?: object) {
  const body = JSON.stringify({ query, variables });
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  return (await response.json()) as { data: any; errors?: unknown };
}

const PRODUCTS = `{ products(first: 1) { totalCount nodes { name variants { price { amount } availability { available } } } } }`;
const SIGN_UP = `mutation ($input: SignUpInput!) { signUp(input: $input) { user { id } userErrors { code } } }`;
const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { user { id roles } userErrors { code } } }`;
const PLACE_ORDER = `mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } userErrors { code path } } }`;
const GUEST_ORDER = {
  email: 'guest@example.com',
  lines: [{ variantId: 'variant_01jgfjjz00fpmr9f5q1hjfd6nt', quantity: 1 }],
  shippingAddress: { name: 'Ada', line1: '1 rue de la Paix', city: 'Paris', postcode: '75002', country: 'FR' },
  payment: { token: 'tok_ok' },
  idempotencyKey: 'first',
};
const ADA = { email: 'ada@example.com', password: 'a-long-enough-secret', name: 'Ada' };

/** The processes that run on this folder's database. */
function serversOf(dataDir: string): string[] {
  const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return numbers.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(join(dataDir, 'postgres'));
    } catch {
      return false; // It has ended meanwhile.
    }
  });
}

/** Runs an operators' command, with this on its standard input. */
async function runCommand(
  command: string,
  AGORA_DATA: string,
  args: readonly string[],
  input = '',
  env: Record<string, string> = {},
): Promise<{ code: number; said: string }> {
  const program = ['--no-warnings', join(import.meta.dirname, `../../bin/${command}.ts`), ...args];
  const settings = { env: { ...process.env, NODE_ENV: 'development', LOG_LEVEL: 'error', AGORA_DATA, ...env } };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, program, settings, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), said: stdout + stderr }),
    );
    child.stdin!.end(input);
  });
}

const residentMegabytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

test('the first start says what it applied and loaded, where it answers and how to sign in', async () => {
  const { output } = await start();
  expect(output()).toMatch(/order: 0001-orders\.sql applied in \d+ ms/);
  expect(output()).toMatch(/product: 1000 products with 3500 variants/);
  await until(() => output().includes('Stop '));
  expect(output()).toMatch(/Agora is ready in [\d.]+ s/);
  expect(output()).toContain('customer@agora.test, password agora-demo');
  expect((await fetch(`${agora!.url}/health/ready`)).status).toBe(200);
  const { user, userErrors } = (
    await ask(agora!, SIGN_IN, { input: { email: 'customer@agora.test', password: 'agora-demo' } })
  ).data.signIn;
  expect({ user, userErrors }).toEqual({ user: { id: expect.any(String), roles: ['CUSTOMER'] }, userErrors: [] });
  await ask(agora!, SIGN_UP, { input: ADA });
  // The number that README promises, and that the start printed.
  expect(output()).toContain('order: 292 orders');
  const pool = createPool({ url: databaseOf(data), max: 1, name: 'agora test' });
  expect((await pool.query('select count(*)::int as there from "order".orders')).rows).toEqual([{ there: 292 }]);
  await pool.end();
  expect(readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')).toContain('292 orders');
});

test('Ctrl-C ends everything, PostgreSQL too', async () => {
  expect(serversOf(data).length).toBeGreaterThan(0);
  expect((await agora!.end('SIGINT')).code).toBe(0);
  expect(serversOf(data)).toEqual([]);
});

test.each(['Agora is starting.', 'platform: 0001', 'migrations applied', 'product: demo data in'])(
  'Ctrl-C during the start (%s) ends everything as well, and nothing is broken by it',
  async (endAt) => {
    const other = temporaryData();
    try {
      const { code, output } = await runAgora({ data: other.data }, endAt);
      expect(output).not.toContain('Agora is ready');
      expect(output).not.toContain('did not start');
      expect(code).toBe(0);
      // The PostgreSQL that it has begun ends a moment after it.
      await until(() => serversOf(other.data).length === 0);
      expect(serversOf(other.data)).toEqual([]);
      const again = await startAgora({ data: other.data });
      expect((await ask(again, PRODUCTS)).data.products.totalCount).toBeGreaterThan(900);
      await again.end('SIGINT');
    } finally {
      await other.remove();
    }
  },
);

test('the second start has kept its data', async () => {
  await agora!.end('SIGINT');
  await start();
  const answer = await ask(agora!, PRODUCTS);
  expect(answer.errors).toBeUndefined();
  expect(answer.data.products.totalCount).toBeGreaterThan(900);
  expect(agora!.output()).toMatch(/all \d+ migrations were applied before/);
  expect(agora!.output()).not.toContain('demo data in');
  expect(
    (await ask(agora!, SIGN_IN, { input: { email: ADA.email, password: ADA.password } })).data.signIn.userErrors,
  ).toEqual([]);
});

test('idle, with the demo data, the process stays below 500 MB', async () => {
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  const megabytes = residentMegabytes(agora!.pid);
  expect(megabytes).toBeLessThan(500);
});

test.each([
  ['a port that is taken', 'PORT'],
  ['a certificate without its key', 'TLS_KEY'],
])('%s stops the start with a message that names it, before anything is made or deleted', async (_, variable) => {
  await agora!.end('SIGINT');
  const squatter = createServer().listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  const { port } = squatter.address() as { port: number };
  const [env, reason] =
    variable === 'TLS_KEY'
      ? [{ TLS_CERT: '/nowhere.pem' }, 'TLS_KEY must be given too']
      : [{ PORT: String(port) }, `port ${port} of 127.0.0.1 is taken.*PORT=`];
  const elsewhere = join(data, 'never');
  for (const options of [{ data: elsewhere }, { data, args: ['--reset'] }]) {
    const { code, output } = await runAgora({ ...options, env });
    expect({ code, output }).toEqual({
      code: 1,
      output: expect.stringMatching(new RegExp(`^Agora is starting\\.\\s+Agora did not start: ${reason}`)),
    });
  }
  squatter.close();
  expect(existsSync(elsewhere)).toBe(false);
  expect(existsSync(join(data, 'postgres/cluster/PG_VERSION'))).toBe(true);
  expect(serversOf(data)).toEqual([]);
});

test('a variable that does not fit is named, and nothing is begun', async () => {
  const elsewhere = join(data, 'never');
  const { code, output } = await runAgora({ data: elsewhere, env: { PORT: 'abc' } });
  expect({ code, output }).toEqual({ code: 1, output: expect.stringMatching(/Agora did not start: [^]*PORT: /) });
  expect(output).not.toMatch(/^\s+at /m);
  expect(existsSync(elsewhere)).toBe(false);
});

test('an unknown argument is named with the known ones, without a stack', async () => {
  const { code, output } = await runAgora({ data, args: ['--emtpy'] });
  expect({ code, output }).toEqual({ code: 1, output: expect.stringMatching(/'--emtpy'\.\n[^]*--empty .*demo data/) });
  const help = await runAgora({ data, args: ['--help'] });
  expect(help).toMatchObject({
    code: 0,
    output: expect.stringMatching(/^npm start [^]*--reset [^]*\.env\.example\n$/),
  });
  expect(output).not.toMatch(/^\s+at /m);
});

test('a migration that was edited stops the start with its reason', async () => {
  await start();
  const pool = createPool({ url: databaseOf(data), max: 1, name: 'agora test' });
  const { rows } = await pool.query(
    `update platform.migration set checksum = 'other' where schema = 'order' returning name`,
  );
  await pool.end();
  await agora!.end('SIGINT');
  const { code, output } = await runAgora({ data });
  expect({ code, output }).toEqual({
    code: 1,
    output: expect.stringMatching(/Agora did not start: order: \S+ was edited after it was applied/),
  });
  expect(rows.length).toBeGreaterThan(0);
  expect(serversOf(data)).toEqual([]);
});

test('--reset begins anew, --empty without demo data', async () => {
  await start(['--reset', '--empty']);
  expect(agora!.output()).toContain('the database was deleted');
  expect((await ask(agora!, PRODUCTS)).data.products.totalCount).toBe(0);
  const again = await ask(agora!, SIGN_IN, { input: { email: ADA.email, password: ADA.password } });
  expect(again.data.signIn.userErrors).toEqual([{ code: 'INVALID_CREDENTIALS' }]);
  expect(agora!.output()).not.toContain('agora-demo');
  await until(() => agora!.output().includes('Stop '));
  expect(agora!.output()).toContain('npm run admin:new');
});

const ADMIN = 'an administrator’s own words';

test('of two commands for a first administrator while it runs, one succeeds, and no password is shown', async () => {
  const args = (n: number) => ['--email', `admin.${n}@shop.example`, '--name', 'Ada Shop'];
  const both = await Promise.all([1, 2].map((n) => runCommand('admin-new', data, args(n), `${ADMIN}\n`)));
  expect(both.map(({ code }) => code).sort()).toEqual([0, 1]);
  expect(both.find(({ code }) => code === 1)!.said).toMatch(/^No administrator was made: There is an administrator/);
  expect(JSON.stringify(both)).not.toContain(ADMIN);
  const answers = await Promise.all(
    [1, 2].map((n) => ask(agora!, SIGN_IN, { input: { email: `admin.${n}@shop.example`, password: ADMIN } })),
  );
  const signedIn = answers.map(({ data: { signIn } }) => signIn.user?.roles);
  expect(signedIn.filter(Boolean)).toEqual([['ADMIN']]);
  const nothing = await runCommand('admin-new', data, ['--another', ...args(3)], '');
  expect(nothing).toMatchObject({ code: 1, said: expect.stringContaining('--generate') });
  const generated = await runCommand('admin-new', data, ['--another', '--generate', ...args(3)]);
  const [, password] = /shown here only: (\S{24})\n/.exec(generated.said)!;
  const input = { email: 'admin.3@shop.example', password };
  expect((await ask(agora!, SIGN_IN, { input })).data.signIn.user.roles).toEqual(['ADMIN']);
});

test('a shop that was begun without demo data gets none by a start that forgets to say so', async () => {
  await agora!.end('SIGINT');
  await start();
  await until(() => agora!.output().includes('Stop '));
  expect(agora!.output()).toContain('begun without demo data, and none is loaded');
  expect(agora!.output()).not.toMatch(/agora-demo|npm run admin:new/);
  expect((await ask(agora!, PRODUCTS)).data.products.totalCount).toBe(0);
  const demo = { email: 'admin@agora.test', password: 'agora-demo' };
  expect((await ask(agora!, SIGN_IN, { input: demo })).data.signIn.user).toBeNull();
  await agora!.end('SIGINT');
});

test('keys of sealed secrets are missed when they are gone, and not replaced', async () => {
  const file = join(data, 'secret-keys');
  const kept = readFileSync(file);
  rmSync(file);
  const { code, output } = await runAgora({ data });
  expect({ code, output }).toEqual({ code: 1, output: expect.stringMatching(/did not start: .*secret-keys is gone/) });
  expect(existsSync(file)).toBe(false);
  const rotated = await runCommand('rotate-secrets', data, []);
  expect(rotated).toEqual({ code: 1, said: expect.stringContaining('There are no keys to rotate') });
  expect(existsSync(file)).toBe(false);
  writeFileSync(file, kept, { mode: 0o600 });
});

test('a server given by DATABASE_URL is used, and no other started; in production it gets nothing of the demo', async () => {
  const database = await testDatabase();
  const other = temporaryData();
  try {
    const env = { DATABASE_URL: database.url, NODE_ENV: 'production' };
    const process = await startAgora({ data: other.data, env });
    expect((await ask(process, SIGN_UP, { input: ADA })).data.signUp.userErrors).toEqual([]);
    expect(existsSync(join(other.data, 'postgres'))).toBe(false);
    expect(await database.kysely.selectFrom('identity.account').select('email').execute()).toEqual([
      { email: ADA.email },
    ]);
    expect((await ask(process, PRODUCTS)).data.products.totalCount).toBe(0);
    // The simulator moves no money: goods would be given away.
    const refused = (await ask(process, PLACE_ORDER, { input: GUEST_ORDER })).data.placeOrder;
    expect(refused).toEqual({
      order: null,
      userErrors: [{ code: 'INVALID_INPUT', path: ['input', 'payment', 'token'] }],
    });
    expect(await database.kysely.selectFrom('order.orders').select('id').execute()).toEqual([]);
    const loaded = await runCommand('load-demo', other.data, [], undefined, { ...env, ...keysOf(other.data) });
    expect(loaded).toMatchObject({ code: 1, said: expect.stringContaining('NODE_ENV=production') });
    // With the keys of the folder, as the start has them.
    const begun = await runCommand('load-demo', other.data, [], undefined, { ...env, NODE_ENV: 'development' });
    expect(begun).toMatchObject({ code: 1, said: expect.stringContaining('begun without demo data') });
    const forced = await runCommand('load-demo', other.data, ['--force'], undefined, {
      ...env,
      ...keysOf(other.data),
      SECRET_KEYS: formatKeyRing([newKey()]),
      NODE_ENV: 'development',
    });
    expect(forced).toMatchObject({ code: 1, said: expect.stringContaining('SECRET_KEYS does not hold it') });
    expect((await database.pool.query('select with_demo from platform.installation')).rows).toEqual([
      { with_demo: false },
    ]);
    expect(await database.kysely.selectFrom('platform.demo_load').select('agent').execute()).toEqual([]);
    expect((await process.end('SIGTERM')).code).toBe(0);
  } finally {
    await database.drop();
    await other.remove();
  }
});

const NOBODY = { DATABASE_URL: 'postgres://agora:hunter2@127.0.0.1:1/agora' };

test.each([
  ['in production', { NODE_ENV: 'production' }],
  ['where it is told to', { DATABASE_FALLBACK: 'off' }],
])(
  'a DATABASE_URL without a server stops the start %s, with a message that names it, and not the password',
  async (_, env) => {
    const { code, output } = await runAgora({ data, env: { ...NOBODY, ...env } });
    expect(code).toBe(1);
    expect(output).toMatch(/Agora did not start: .*DATABASE_URL/);
    expect(output).not.toContain('hunter2');
  },
);

test('in development the embedded database serves instead of a DATABASE_URL without a server, and users and operators are told', async () => {
  const other = temporaryData();
  // The folder has the keys of the configured database already.
  keysOf(other.data);
  try {
    const process = await startAgora({ data: other.data, args: ['--empty'], env: NOBODY });
    await untilAnswer(
      () => ask(process, PRODUCTS),
      ({ errors }) => errors === undefined,
      'it does not serve',
    );
    // Two patterns: the log, on its own stream, may write between the two lines.
    expect(process.output()).toMatch(/ATTENTION: DATABASE_URL .* does not let us in/);
    expect(process.output()).toContain('embedded database serves INSTEAD');
    expect(process.output()).not.toContain('hunter2');
    // A busy machine may be slow enough for more to be degraded, which passes; this does not.
    const health: any = await untilAnswer(
      async () => (await fetch(`${process.url}/health/detailed`)).json() as any,
      ({ status, degradation, agents }) =>
        status === 'ready' && degradation === 1 && agents.every((one: any) => one.status === 'DEGRADED'),
      'it does not say that it is degraded, at level 1',
    );
    expect(new Set(health.agents.map(({ degradation }: any) => degradation))).toEqual(new Set([1]));
    expect(health.dependencies).toContainEqual(
      expect.objectContaining({ name: 'configured database', status: 'DOWN', lastCode: 'DATABASE_UNREACHABLE' }),
    );
    await process.end('SIGTERM');
  } finally {
    await other.remove();
  }
});

const identity = serverIdentity();
const onlyAsRoot = identity.uid === undefined ? test.skip : test;

onlyAsRoot('an ordinary user starts Agora, and owns all files that it wrote', async () => {
  const home = mkdtempSync(join(tmpdir(), 'agora-home-'));
  chownSync(home, identity.uid!, identity.gid!);
  const own = join(home, '.agora');
  try {
    const process = await startAgora({ data: own, args: ['--empty'], as: identity, env: { HOME: home } });
    expect((await ask(process, PRODUCTS)).errors).toBeUndefined();
    for (const path of [own, join(own, 'token-key.pem'), join(own, 'postgres/cluster')])
      expect(statSync(path).uid).toBe(identity.uid);
    expect(statSync(join(own, 'token-key.pem')).mode & 0o777).toBe(0o600);
    expect((await process.end('SIGINT')).code).toBe(0);
    expect(serversOf(own)).toEqual([]);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
