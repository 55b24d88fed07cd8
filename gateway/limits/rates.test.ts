import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { LocalLimiter } from '../../platform/cluster/limiter.ts';
import { ANONYMOUS, Actor } from '../../platform/identity/actor.ts';
import { startGateway } from '../gateway.testing.ts';
import { LIMITS } from './limits.ts';
import { placeOf, RateLimits } from './rates.ts';

const of = (n: number) => ({ anonymous: n, signedIn: 2 * n, staff: 3 * n });
const rates = { requests: of(1000), mutations: of(10), signIns: { address: 6, account: 3 } };

describe('over HTTP and WebSocket', () => {
  let it: Awaited<ReturnType<typeof startGateway>>;
  beforeAll(async () => {
    const limits = { ...LIMITS, rates: { ...rates, requests: of(4), mutations: of(2) } };
    it = await startGateway({ limiter: new LocalLimiter(), limits });
  });
  afterAll(() => it.gateway.close());
  const ORDER = '{ order(id: "o1") { id } }';

  test('a caller is told how much is left, then to wait; the next caller is not affected', async () => {
    const first = await it.post(ORDER);
    expect(first.headers.get('ratelimit-policy')).toBe('"requests";q=4;w=60');
    expect(first.headers.get('ratelimit')).toBe('"requests";r=3;t=15');
    const answers = await Promise.all([1, 2, 3, 4].map(() => it.post(ORDER)));
    const refused = answers.find(({ status }) => status === 429)!;
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('ratelimit')).toContain('r=0');
    expect(await refused.json()).toEqual({
      errors: [
        {
          message: expect.stringContaining('4 in 60 seconds are allowed'),
          extensions: { code: 'RATE_LIMITED', policy: 'requests', retryAfterSeconds: expect.any(Number) },
        },
      ],
    });
    expect((await it.post(ORDER, { token: 'Bearer ada' })).status).toBe(200);
  });

  test('a request counts also when it fails', async () => {
    const statuses: number[] = [];
    for (let n = 0; n < 9; n++) statuses.push((await it.post('{', { token: 'Bearer bob' })).status);
    expect(statuses.filter((status) => status === 429)).toHaveLength(1);
  });

  test('the same error comes over a WebSocket, which stays open', async () => {
    const client = it.client('Bearer ada');
    const ask = () =>
      new Promise<unknown>((resolve) =>
        client.subscribe({ query: ORDER }, { next: resolve, error: resolve, complete: () => resolve('nothing') }),
      );
    const answers: unknown[] = [];
    for (let n = 0; n < 9; n++) answers.push(await ask());
    const [error] = answers.at(-1) as { extensions: object }[];
    expect(error!.extensions).toEqual({
      code: 'RATE_LIMITED',
      policy: 'requests',
      retryAfterSeconds: expect.any(Number),
    });
    await client.dispose();
  });
});

test('a client that tries one token after another is counted by its address', async () => {
  const limits = { ...LIMITS, rates: { ...rates, requests: of(4) } };
  const it = await startGateway({ limiter: new LocalLimiter(), limits });
  const statuses: number[] = [];
  for (let n = 0; n < 6; n++) statuses.push((await it.post('{ __typename }', { token: `Bearer guess ${n}` })).status);
  await it.gateway.close();
  expect(statuses).toEqual([401, 401, 401, 401, 429, 429]);
});

describe('rate limits', () => {
  const caller = (actor = ANONYMOUS, address = '192.0.2.1') => ({
    actor: () => actor,
    correlationId: 'c',
    client: { address },
  });
  const run = (limits: RateLimits, query: string, by = caller(), variables?: object) =>
    limits.operation({ document: parse(query), variables: variables as never, caller: by }).then(
      () => 'done',
      (error) => error.extensions.policy,
    );
  const ada = new Actor({ id: 'user_ada', roles: ['CUSTOMER'] });

  test('count each mutation of a request as one, and no queries', async () => {
    const limits = new RateLimits(new LocalLimiter(), rates);
    expect(await run(limits, '{ place }')).toBe('done');
    const eleven = `mutation { ${Array.from({ length: 11 }, (_, n) => `m${n}: place`).join(' ')} }`;
    expect(await run(limits, eleven)).toBe('mutations');
    expect(await run(limits, eleven, caller(ada))).toBe('done');
    expect(await run(limits, 'mutation { ...M } fragment M on Mutation { ... { a: place b: place } }')).toBe('done');
  });

  test('count signed-in users by account, wherever they are, and others by their address', async () => {
    const limits = new RateLimits(new LocalLimiter(), rates);
    const ten = `mutation { ${Array.from({ length: 10 }, (_, n) => `m${n}: place`).join(' ')} }`;
    expect(await run(limits, ten)).toBe('done');
    expect(await run(limits, ten)).toBe('mutations');
    expect(await run(limits, ten, caller(ANONYMOUS, '192.0.2.2'))).toBe('done');
    expect(await run(limits, ten, caller(ada, '192.0.2.1'))).toBe('done');
    expect(await run(limits, ten, caller(ada, '192.0.2.2'))).toBe('done');
    expect(await run(limits, ten, caller(ada, '192.0.2.3'))).toBe('mutations');
  });

  test('count sign-ins by account, in whatever case, and by address, aliases too', async () => {
    const limits = new RateLimits(new LocalLimiter(), rates);
    const SIGN_IN = 'mutation ($input: I!) { signIn(input: $input) }';
    const as = (email: string, address = '192.0.2.1') =>
      run(limits, SIGN_IN, caller(ANONYMOUS, address), { input: { email } });
    for (const email of ['ada@agora.test', 'Ada@agora.test', ' ada@AGORA.test']) expect(await as(email)).toBe('done');
    expect(await as('ada@agora.test')).toBe('sign-ins-of-account');
    for (const query of [
      'mutation ($input: I = {email: "ada@agora.test"}) { signIn(input: $input) }',
      'mutation ($email: E = "ada@agora.test") { signIn(input: {email: $email}) }',
    ])
      expect(await run(limits, query)).toBe('sign-ins-of-account');
    expect(await as('bob@agora.test', '192.0.2.4')).toBe('done');
    const seven = Array.from({ length: 7 }, (_, n) => `s${n}: signIn(input: {email: "u${n}@agora.test"})`);
    expect(await run(limits, `mutation { ${seven.join(' ')} }`, caller(ANONYMOUS, '192.0.2.9'))).toBe('sign-ins');
    expect(await run(limits, 'mutation { confirmOrder(input: {id: "1"}) }', caller(ada, '192.0.2.9'))).toBe('done');
    for (const name of ['beginProviderSignIn', 'completeProviderSignIn', 'completeSignIn'])
      expect(await run(limits, `mutation { ${name}(input: {}) }`, caller(ada, '192.0.2.9'))).toBe('sign-ins');
  });

  test('do not keep the owner of an account from signing in while somebody elsewhere tries it again and again', async () => {
    const limits = new RateLimits(new LocalLimiter(), rates);
    const many = Array.from({ length: 6 }, (_, n) => `s${n}: signIn(input: {email: "ada@agora.test"})`).join(' ');
    expect(await run(limits, `mutation { ${many} }`, caller(ANONYMOUS, '192.0.2.66'))).toBe('sign-ins-of-account');
    const own = 'mutation { signIn(input: {email: "ada@agora.test"}) }';
    expect(await run(limits, own, caller(ANONYMOUS, '192.0.2.1'))).toBe('done');
  });

  test('count an IPv6 address by its network', () => {
    const place = (address?: string) => placeOf({ client: { address } });
    expect(place('2001:db8:0:1::5')).toBe('address:2001:db8:0:1');
    expect(place('2001:db8:0:1:a:b:c:d')).toBe(place('2001:db8:0:1::5'));
    expect(place('2001:db8::5')).toBe('address:2001:db8:0:0');
    expect(place('192.0.2.7')).toBe('address:192.0.2.7');
    expect(place()).toBe('address:unknown');
  });
});
