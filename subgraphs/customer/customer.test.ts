import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { actor, admin, openAgents, operator, service, type TestAgents, viewer } from '../../tests/support/agents.ts';
import { newId } from '../../platform/ids.ts';

let agents: TestAgents;
beforeAll(async () => {
  agents = await openAgents(['customer']);
});
afterAll(() => agents.close());

const ERRORS = 'userErrors { code message path ... on VersionConflict { currentVersion } }';
const HOME = { name: 'Ada', line1: '1 Mill Road', city: 'London', postcode: 'E8 3PQ', country: 'GB' };

const create = (input: Record<string, unknown>) =>
  agents.mutate('createCustomer', input, `customer { id name email version } ${ERRORS}`, service);
const update = (input: Record<string, unknown>, as = admin) =>
  agents.mutate('updateCustomer', input, `customer { name email phone version } ${ERRORS}`, as);
const ADDRESS =
  'customer { id version addresses { id } } address { id version isDefaultShipping address { line1 line2 country } }';
const add = (input: Record<string, unknown>, as = admin) =>
  agents.mutate('addAddress', input, `${ADDRESS} ${ERRORS}`, as);
const change = (input: Record<string, unknown>, as = admin) =>
  agents.mutate('updateAddress', input, `${ADDRESS} ${ERRORS}`, as);
const remove = (input: Record<string, unknown>, as = admin) =>
  agents.mutate('removeAddress', input, `customer { version addresses { id isDefaultShipping } } ${ERRORS}`, as);

/** A customer, with its own actor. */
async function newCustomer(name = 'Ada Lovelace') {
  const id = newId('customer');
  await create({ id, userId: newId('user'), name, email: 'ada@example.com' });
  return { id, self: actor({ roles: ['CUSTOMER'], customerId: id }) };
}

describe('a customer', () => {
  test('is created once, however often it is requested, and its event holds no personal data', async () => {
    const input = { id: newId('customer'), userId: newId('user'), name: 'Ada Lovelace', email: 'ada@example.com' };
    const answers = await Promise.all([create(input), create(input), create(input)]);
    for (const answer of answers)
      expect(answer).toEqual({
        customer: { id: input.id, name: 'Ada Lovelace', email: 'ada@example.com', version: 1 },
        userErrors: [],
      });
    const events = (await agents.events('customer.created')).filter((event) => event.aggregate_id === input.id);
    expect(events).toEqual([
      expect.objectContaining({ aggregate_version: 1, payload: { customerId: input.id, userId: input.userId } }),
    ]);
  });

  test('is not created under the id of another user’s customer, nor twice for one user', async () => {
    const input = { id: newId('customer'), userId: newId('user'), name: 'Ada', email: 'ada@example.com' };
    await create(input);
    expect((await create({ ...input, userId: newId('user') })).userErrors).toMatchObject([
      { code: 'INVALID_INPUT', path: ['input', 'id'] },
    ]);
    expect((await create({ ...input, id: newId('customer') })).userErrors).toMatchObject([
      { code: 'INVALID_INPUT', path: ['input', 'userId'] },
    ]);
  });

  test('is visible to itself, operators and agents, and to no other caller, by query or reference', async () => {
    const { id, self } = await newCustomer();
    const stranger = await newCustomer();
    const guest = actor({ roles: ['GUEST'], orderId: 'order_1' });
    const merchant = actor({ roles: ['MERCHANT'], merchantId: 'merchant_a' });
    const reference = { representations: [{ __typename: 'Customer', id }] };
    const query =
      'query ($id: ID!, $representations: [_Any!]!) { customer(id: $id) { name } _entities(representations: $representations) { ... on Customer { name } } }';
    for (const [who, seen] of [
      [self, true],
      [operator, true],
      [viewer, false],
      [service, true],
      [stranger.self, false],
      [guest, false],
      [merchant, false],
    ] as const) {
      const expected = seen ? { name: 'Ada Lovelace' } : null;
      expect(await agents.data('customer', query, { id, ...reference }, who)).toEqual({
        customer: expected,
        _entities: [expected],
      });
    }
  });

  test('can be changed by itself or an operator, not by a viewer or another customer', async () => {
    const { id, self } = await newCustomer();
    const stranger = await newCustomer();
    expect((await update({ id, expectedVersion: 1, phone: '+44 20 555 0142' }, self)).customer).toEqual({
      name: 'Ada Lovelace',
      email: 'ada@example.com',
      phone: '+44 20 555 0142',
      version: 2,
    });
    expect((await update({ id, expectedVersion: 2, name: 'Ada King', phone: null }, operator)).customer).toMatchObject({
      name: 'Ada King',
      phone: null,
      version: 3,
    });
    for (const who of [viewer, stranger.self])
      expect((await update({ id, expectedVersion: 3, name: 'Eve' }, who)).userErrors).toMatchObject([
        { code: 'NOT_FOUND' },
      ]);
    expect(await agents.query('customer', { id }, 'name version')).toEqual({ name: 'Ada King', version: 3 });
  });

  test('is changed at the expected version only (optimistic lock)', async () => {
    const { id, self } = await newCustomer();
    await update({ id, expectedVersion: 1, name: 'First' }, self);
    const late = await update({ id, expectedVersion: 1, name: 'Lost' }, self);
    expect(late).toMatchObject({ customer: null, userErrors: [{ code: 'VERSION_CONFLICT', currentVersion: 2 }] });
    expect(await agents.query('customer', { id }, 'name')).toEqual({ name: 'First' });
  });
});

test.each(['\u200b', 'a\u0000b', 'a\ud800b', 'Ada\u202e', 'x'.repeat(201)])(
  'a customer cannot get the name %j, when created or later',
  async (name) => {
    const refused = [{ code: 'INVALID_INPUT', path: ['input', 'name'] }];
    const input = { id: newId('customer'), userId: newId('user'), name, email: 'ada@example.com' };
    expect((await create(input)).userErrors).toMatchObject(refused);
    const { id, self } = await newCustomer();
    expect((await update({ id, expectedVersion: 1, name }, self)).userErrors).toMatchObject(refused);
    expect(await agents.query('customer', { id }, 'name version')).toEqual({ name: 'Ada Lovelace', version: 1 });
  },
);

describe('the addresses of a customer', () => {
  test('follow the rules of their countries: no postal code in Hong Kong, a valid one in Germany', async () => {
    const { self } = await newCustomer();
    const { postcode: _, ...street } = HOME;
    for (const postcode of [undefined, null, ''])
      expect((await add({ address: { ...street, country: 'HK', postcode } }, self)).userErrors).toEqual([]);
    for (const postcode of [undefined, null, '', '00000', 'ABC'])
      expect((await add({ address: { ...street, country: 'DE', postcode } }, self)).userErrors).toMatchObject([
        { code: 'INVALID_INPUT', path: ['input', 'address', 'postcode'] },
      ]);
  });

  test('have one default: the first, until another is chosen, and the oldest other one when it goes', async () => {
    const { id, self } = await newCustomer();
    const first = (await add({ address: HOME }, self)).address;
    const second = (await add({ address: { ...HOME, line1: '2 Mill Road', line2: ' ' } }, self)).address;
    const third = (await add({ address: { ...HOME, line1: '3 Mill Road' }, isDefaultShipping: true }, self)).address;
    expect([first, second, third].map((address) => address.isDefaultShipping)).toEqual([true, false, true]);
    expect(second.address).toEqual({ line1: '2 Mill Road', line2: null, country: 'GB' });
    const chosen = await change({ id: second.id, expectedVersion: 1, isDefaultShipping: true }, self);
    expect(chosen.address).toMatchObject({ isDefaultShipping: true, version: 2 });
    const left = await remove({ id: second.id }, self);
    expect(left.customer.addresses).toEqual([
      { id: first.id, isDefaultShipping: true },
      { id: third.id, isDefaultShipping: false },
    ]);
    await remove({ id: third.id }, self);
    expect((await remove({ id: first.id }, self)).customer.addresses).toEqual([]);
    const versions = (await agents.events())
      .filter((event) => event.aggregate_id === id)
      .map((event) => event.aggregate_version);
    expect(versions).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('are changed at the expected version only (optimistic lock), by their owner only', async () => {
    const { self } = await newCustomer();
    const stranger = await newCustomer();
    const { address } = await add({ address: HOME }, self);
    const moved = { ...HOME, line1: '9 Park View' };
    expect(
      (await change({ id: address.id, expectedVersion: 1, address: moved }, stranger.self)).userErrors,
    ).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect((await remove({ id: address.id }, stranger.self)).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect((await change({ id: address.id, expectedVersion: 1, address: moved }, self)).address).toMatchObject({
      version: 2,
      address: { line1: '9 Park View' },
    });
    expect((await change({ id: address.id, expectedVersion: 1, address: HOME }, self)).userErrors).toMatchObject([
      { code: 'VERSION_CONFLICT', currentVersion: 2 },
    ]);
    expect((await remove({ id: address.id, expectedVersion: 1 }, self)).userErrors).toMatchObject([
      { code: 'VERSION_CONFLICT' },
    ]);
  });

  test('are not added to another customer, nor when they are malformed', async () => {
    const { id, self } = await newCustomer();
    const stranger = await newCustomer();
    expect((await add({ customerId: id, address: HOME }, stranger.self)).userErrors).toMatchObject([
      { code: 'NOT_FOUND', path: ['input', 'customerId'] },
    ]);
    expect((await add({ address: HOME }, viewer)).userErrors).toMatchObject([
      { code: 'INVALID_INPUT', path: ['input', 'customerId'] },
    ]);
    expect((await add({ address: { ...HOME, city: ' ' } }, self)).userErrors).toMatchObject([
      { code: 'INVALID_INPUT', path: ['input', 'address', 'city'] },
    ]);
    expect((await agents.query('customer', { id }, 'addresses { id }')).addresses).toEqual([]);
  });

  test('are fifty at most, also when they are added at once', async () => {
    const { id, self } = await newCustomer();
    const answers = await Promise.all(Array.from({ length: 53 }, () => add({ address: HOME }, self)));
    expect(answers.filter((answer) => answer.userErrors[0]?.code === 'INVALID_STATE')).toHaveLength(3);
    expect((await agents.query('customer', { id }, 'addresses { id }')).addresses).toHaveLength(50);
  });

  test('are shown as they are now, after each mutation of one operation', async () => {
    const { self } = await newCustomer();
    const twice = `mutation ($input: AddAddressInput!) { first: addAddress(input: $input) { customer { addresses { id } } } second: addAddress(input: $input) { customer { addresses { id } } } }`;
    const { first, second } = await agents.data('customer', twice, { input: { address: HOME } }, self);
    expect([first.customer.addresses.length, second.customer.addresses.length]).toEqual([1, 2]);
  });
});

describe('the list of customers', () => {
  test('is filtered by e-mail address in any case, and ordered by name', async () => {
    for (const name of ['Zoe', 'Bea', 'Max'])
      await create({ id: newId('customer'), userId: newId('user'), name, email: 'List@Example.com' });
    const asked = { filter: { email: 'list@example.COM' }, orderBy: { field: 'NAME', direction: 'DESC' } };
    const customers = await agents.query('customers', asked, 'nodes { name } totalCount', operator);
    expect(customers).toEqual({ nodes: [{ name: 'Zoe' }, { name: 'Max' }, { name: 'Bea' }], totalCount: 3 });
  });

  test('by name is in the order of a dictionary, in both directions, page by page', async () => {
    const order = ['adam', 'Čapek', 'de Vries', 'Łucja Nowak', 'Östlund', 'Zoé Dubois'];
    for (const name of order.toReversed())
      await create({ id: newId('customer'), userId: newId('user'), name, email: 'sorted@example.com' });
    const filter = { email: 'sorted@example.com' };
    for (const [direction, expected] of [
      ['ASC', order],
      ['DESC', order.toReversed()],
    ] as const) {
      const seen: string[] = [];
      for (let after: string | null = null; seen.length < order.length; ) {
        const asked = { first: 1, after, filter, orderBy: { field: 'NAME', direction } };
        const customers: any = await agents.query(
          'customers',
          asked,
          'nodes { name } pageInfo { endCursor }',
          operator,
        );
        seen.push(customers.nodes[0].name);
        after = customers.pageInfo.endCursor;
      }
      expect(seen).toEqual(expected);
    }
  });

  test('refuses a filter of more than a hundred ids', async () => {
    const ids = Array.from({ length: 101 }, (_, n) => `customer_${n}`);
    const result = await agents.ask(
      'customer',
      'query ($ids: [ID!]) { customers(filter: { ids: $ids }) { nodes { id } } }',
      { ids },
      operator,
    );
    expect(result.errors?.[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT' });
  });
});
