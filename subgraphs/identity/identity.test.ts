import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { raw } from '../../platform/data/raw.ts';
import { ANONYMOUS } from '../../platform/identity/actor.ts';
import { newId } from '../../platform/ids.ts';
import { actor, admin, openAgents, service, type TestAgents, viewer } from '../../tests/support/agents.ts';
import { clientOf, PASSWORD } from './identity.testing.ts';

let agents: TestAgents;
let client: ReturnType<typeof clientOf>;
beforeAll(async () => {
  agents = await openAgents(['customer', 'identity']);
  client = clientOf(agents);
});
afterAll(() => agents.close());

const customersNamed = async (name: string) =>
  (await raw(agents.kysely, 'select id, user_id, email from customer.customer where name = $1', [name])).rows;
/** Runs work while the customer agent fails. */
const withoutCustomers = async (work: () => Promise<void>) => {
  await raw(agents.kysely, 'alter table customer.customer rename to away');
  try {
    await work();
  } finally {
    await raw(agents.kysely, 'alter table customer.away rename to customer');
  }
};

describe('signing up', () => {
  test('makes a user and their customer, and signs them in', async () => {
    const answer = await client.signUp({ email: 'Ada@Example.com', name: ' Ada Lovelace ' });
    expect(answer).toMatchObject({
      userErrors: [],
      expiresAt: '2026-06-01T12:15:00.000Z',
      user: { email: 'Ada@Example.com', name: 'Ada Lovelace', roles: ['CUSTOMER'] },
    });
    const self = await client.actorOf(answer);
    const { customerId } = self;
    expect(await customersNamed('Ada Lovelace')).toEqual([
      { id: customerId, user_id: answer.user.id, email: 'Ada@Example.com' },
    ]);
    expect(self.claims()).toMatchObject({
      id: answer.user.id,
      roles: ['CUSTOMER'],
      customerId,
      sessionId: expect.stringMatching(/^session_/),
    });
    expect(await client.query('me', {}, 'id', self)).toEqual({ id: answer.user.id });
  });

  test('with a taken address, in any case, needs its password', async () => {
    const first = await client.signUp({ email: 'taken@example.com' });
    const stranger = await client.signUp({ email: 'TAKEN@example.com', password: 'another password' });
    expect(stranger).toMatchObject({
      accessToken: null,
      refreshToken: null,
      user: null,
      userErrors: [{ code: 'EMAIL_TAKEN', path: ['input', 'email'] }],
    });
    expect((await client.signUp({ email: 'TAKEN@example.com', name: 'Other' })).user).toMatchObject({
      id: first.user.id,
      name: 'Ada',
    });
  });

  test('five times concurrently makes one user and one customer', async () => {
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => client.signUp({ email: 'once@example.com', name: 'Only Once' })),
    );
    expect(new Set(answers.map((answer) => answer.user.id)).size).toBe(1);
    expect(new Set(answers.map((answer) => answer.refreshToken)).size).toBe(5);
    expect(await customersNamed('Only Once')).toHaveLength(1);
  });

  test.each([
    [{ password: 'too short', name: 'Ada' }, 'WEAK_PASSWORD'],
    [{ password: 'Refused@Example.com', name: 'Ada' }, 'WEAK_PASSWORD'],
    [{ password: PASSWORD, name: '  ' }, 'INVALID_INPUT'],
    [{ password: PASSWORD, name: 'x'.repeat(201) }, 'INVALID_INPUT'],
  ])('with %j is refused, and nothing is written', async (input, code) => {
    expect((await client.signUp({ email: 'refused@example.com', ...input })).userErrors).toMatchObject([{ code }]);
    expect((await client.signIn('refused@example.com', input.password)).userErrors).toMatchObject([
      { code: 'INVALID_CREDENTIALS' },
    ]);
  });

  test('reports all texts that are over their limits, not only the first', async () => {
    const answer = await client.signUp({ email: 'refused@example.com', password: 'x'.repeat(201), name: ' ' });
    expect(answer.userErrors).toMatchObject([
      { code: 'INVALID_INPUT', path: ['input', 'password'] },
      { code: 'INVALID_INPUT', path: ['input', 'name'] },
    ]);
    expect(JSON.stringify(answer)).not.toContain('xx');
  });

  test('fails while the customer agent is away, and is completed by the retry', async () => {
    const input = { email: 'later@example.com', name: 'Later', password: PASSWORD };
    await withoutCustomers(async () => {
      const failed = await agents.attempt('signUp', input, 'accessToken', ANONYMOUS);
      expect(failed).toMatchObject({ data: { signUp: null }, errors: [{}] });
    });
    const again = await client.signUp({ email: 'later@example.com', name: 'Later' });
    expect(await customersNamed('Later')).toMatchObject([{ id: (await client.actorOf(again)).customerId }]);
  });
});

describe('signing in', () => {
  test('starts a new session each time', async () => {
    await client.signUp({ email: 'twice@example.com' });
    const [first, second] = [await client.signIn('twice@example.com'), await client.signIn('TWICE@example.com')];
    expect((await client.actorOf(first)).sessionId).not.toBe((await client.actorOf(second)).sessionId);
    expect(first.user).toEqual(second.user);
  });

  test('with a wrong password and with an unknown address is refused in the same words', async () => {
    await client.signUp({ email: 'known@example.com' });
    const [wrong, unknown] = [
      await client.signIn('known@example.com', 'wrong password'),
      await client.signIn('unknown@example.com'),
    ];
    expect(wrong).toEqual(unknown);
    expect(wrong).toMatchObject({ accessToken: null, user: null, userErrors: [{ code: 'INVALID_CREDENTIALS' }] });
  });

  test('makes a missing customer, and then needs the customer agent no more', async () => {
    await withoutCustomers(async () => {
      const input = { email: 'missing@example.com', name: 'Missing', password: PASSWORD };
      await agents.attempt('signUp', input, 'accessToken', ANONYMOUS);
    });
    const answer = await client.signIn('missing@example.com');
    const { user } = answer;
    expect(await customersNamed('Missing')).toMatchObject([{ id: (await client.actorOf(answer)).customerId }]);
    await withoutCustomers(async () => expect((await client.signIn('missing@example.com')).user.id).toBe(user.id));
  });
});

describe('users', () => {
  test('are visible to themselves and to administrators, also as references', async () => {
    const { user } = await client.signUp({ email: 'private@example.com' });
    const query =
      'query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on User { email } } }';
    const representations = [{ __typename: 'User', id: user.id }];
    const self = actor({ id: user.id, roles: ['CUSTOMER'] });
    for (const who of [self, admin, service])
      expect(await client.data('identity', query, { representations }, who)).toEqual({
        _entities: [{ email: 'private@example.com' }],
      });
    for (const who of [viewer, actor({ roles: ['CUSTOMER'] }), ANONYMOUS])
      expect(await client.data('identity', query, { representations }, who)).toEqual({ _entities: [null] });
  });

  test('are filtered by address and by role, page by page', async () => {
    for (const letter of ['c', 'a', 'b']) {
      const { user } = await client.signUp({ email: `${letter}.paged@example.com` });
      await client.setRoles({ id: user.id, expectedVersion: 1, roles: ['ANALYST'] }, admin);
    }
    const page = (after?: string) => {
      const asked = { first: 2, after, filter: { role: 'ANALYST' }, orderBy: { field: 'EMAIL' } };
      return client.query('users', asked, 'nodes { email } pageInfo { endCursor hasNextPage } totalCount');
    };
    const first = await page();
    const second = await page(first.pageInfo.endCursor);
    expect([...first.nodes, ...second.nodes].map(({ email }) => email[0])).toEqual(['a', 'b', 'c']);
    expect([first.totalCount, first.pageInfo.hasNextPage, second.pageInfo.hasNextPage]).toEqual([3, true, false]);
    const byEmail = await client.query('users', { filter: { email: 'B.Paged@example.com' } }, 'nodes { roles }');
    expect(byEmail.nodes).toEqual([{ roles: ['ANALYST'] }]);
  });
});

describe('the roles of a user', () => {
  test('are in the next token, and their change ends the present sessions', async () => {
    const before = await client.signUp({ email: 'promoted@example.com' });
    const changed = await client.setRoles(
      { id: before.user.id, expectedVersion: 1, roles: ['OPERATOR', 'OPERATOR'] },
      admin,
    );
    expect(changed.user).toMatchObject({ roles: ['OPERATOR'], version: 2, customer: null });
    expect((await client.refresh(before.refreshToken)).userErrors).toMatchObject([{ code: 'INVALID_REFRESH_TOKEN' }]);
    const self = await client.actorOf(await client.signIn('promoted@example.com'));
    expect([self.may('order:write'), self.may('identity:admin'), self.customerId]).toEqual([true, false, undefined]);
    const { sessionId } = await client.actorOf(before);
    expect(await agents.events('identity.session_revoked')).toContainEqual(
      expect.objectContaining({
        aggregate_id: sessionId,
        aggregate_version: 2,
        payload: { sessionId, userId: before.user.id, reason: 'ROLES_CHANGED' },
      }),
    );
  });

  test('include MERCHANT together with the merchant', async () => {
    const { user } = await client.signUp({ email: 'seller@example.com' });
    expect(
      (await client.setRoles({ id: user.id, expectedVersion: 1, roles: ['MERCHANT'] }, admin)).userErrors,
    ).toMatchObject([{ code: 'INVALID_INPUT' }]);
    expect(
      (await client.setRoles({ id: user.id, expectedVersion: 1, roles: ['MERCHANT'], merchantId: 'merchant_a' }, admin))
        .user,
    ).toMatchObject({ merchantId: 'merchant_a', version: 2 });
    expect((await client.actorOf(await client.signIn('seller@example.com'))).merchantId).toBe('merchant_a');
  });

  test.each([
    ['nothing', ''],
    ['a blank', ' '],
    ['5,000 characters', 'x'.repeat(5000)],
    ['an emoji', '🛍️'],
    ['what turns the writing around', '\u202Epohs'],
  ])('do not include MERCHANT with %s in place of a merchant', async (_, merchantId) => {
    const { user } = await client.signUp({ email: `${newId('seller')}@example.com` });
    for (const roles of [['MERCHANT'], ['VIEWER']])
      expect(await client.setRoles({ id: user.id, expectedVersion: 1, roles, merchantId }, admin)).toEqual({
        user: null,
        userErrors: [{ code: 'INVALID_INPUT', path: ['input', 'merchantId'] }],
      });
    const set = { id: user.id, expectedVersion: 1, roles: ['MERCHANT'], merchantId: 'my-shop' };
    expect((await client.setRoles(set, admin)).user).toMatchObject({ merchantId: 'my-shop' });
  });

  test('are changed at the expected version only (optimistic lock), and of known users only', async () => {
    const { user } = await client.signUp({ email: 'versioned@example.com' });
    expect(
      (await client.setRoles({ id: user.id, expectedVersion: 7, roles: ['ADMIN'] }, admin)).userErrors,
    ).toMatchObject([{ code: 'VERSION_CONFLICT' }]);
    expect(
      (await client.setRoles({ id: newId('user'), expectedVersion: 1, roles: ['ADMIN'] }, admin)).userErrors,
    ).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect((await client.signIn('versioned@example.com')).user).toMatchObject({ roles: ['CUSTOMER'], version: 1 });
  });

  test('give staff who become customers a customer at the next sign-in', async () => {
    const { user } = await client.signUp({ email: 'staff@example.com', name: 'Staff' });
    await raw(agents.kysely, `delete from customer.customer where name = 'Staff'`);
    await raw(
      agents.kysely,
      `update identity.account set customer_id = null, customer_made = false, roles = '{VIEWER}' where id = $1`,
      [user.id],
    );
    expect(
      (await client.setRoles({ id: user.id, expectedVersion: 1, roles: ['VIEWER', 'CUSTOMER'] }, admin)).userErrors,
    ).toEqual([]);
    const { customerId } = await client.actorOf(await client.signIn('staff@example.com'));
    expect(await customersNamed('Staff')).toMatchObject([{ id: customerId }]);
  });
});

test('a guest token opens one order, for thirty days', async () => {
  const orderId = newId('order');
  const issue = (of: string) =>
    client.mutate('issueGuestToken', { orderId: of }, 'token expiresAt userErrors { code }', service);
  const guest = await issue(orderId);
  expect(guest).toMatchObject({ expiresAt: '2026-07-01T12:00:00.000Z', userErrors: [] });
  const { actor: who } = await agents.tokens.verify(guest.token, agents.clock.now());
  expect(who.claims()).toMatchObject({
    id: `guest:${orderId}`,
    roles: ['GUEST'],
    orderId,
    customerId: undefined,
    sessionId: undefined,
  });
  expect(await client.query('me', {}, 'id', who)).toBeNull();
  expect((await issue('cart_1')).userErrors).toEqual([{ code: 'INVALID_INPUT' }]);
});

test('no address, name, password or token is in an event or readable in the tables', async () => {
  const answer = await client.signUp({ email: 'secret@example.com', name: 'Secret Name' });
  await client.refresh(answer.refreshToken);
  const events = JSON.stringify(await agents.events());
  for (const text of ['secret@example.com', 'Secret Name', answer.refreshToken, answer.accessToken])
    expect(events).not.toContain(text);
  const tables = ['account', 'session', 'refresh_token', 'idempotency'];
  const rows = JSON.stringify(
    await Promise.all(tables.map(async (table) => (await raw(agents.kysely, `select * from identity.${table}`)).rows)),
  );
  for (const text of [PASSWORD, answer.refreshToken, answer.accessToken]) expect(rows).not.toContain(text);
  expect(rows).toContain('Secret Name');
});
