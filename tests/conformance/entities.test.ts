/**
 * Entities: found by one key, by several, by keys of objects, through chains of subgraphs, and fetched in one batch.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { federated, type Federated } from './federated.ts';

const USERS = [
  { id: 'u1', email: 'ada@example.com', name: 'Ada' },
  { id: 'u2', email: 'bob@example.com', name: 'Bob' },
];
const userBy = (key: 'id' | 'email', value: string) => ({ ...USERS.find((user) => user[key] === value) });

let graph: Federated;
beforeAll(async () => {
  graph = await federated({
    users: {
      sdl: `
        type Query { user(id: ID!): User  users: [User!]! }
        type User @key(fields: "id") @key(fields: "email") { id: ID! email: String! name: String! }`,
      resolvers: {
        Query: { user: (_: unknown, { id }: { id: string }) => userBy('id', id), users: () => USERS },
        User: {
          __resolveReference: (reference: { id?: string; email?: string }) =>
            reference.id ? userBy('id', reference.id) : userBy('email', reference.email!),
        },
      },
    },
    letters: {
      sdl: `
        type Query { letters: [Letter!]! }
        type Letter { subject: String! from: User }
        type User @key(fields: "email") { email: String! sent: Int }`,
      resolvers: {
        Query: {
          letters: () =>
            ['ada', 'bob', 'ada'].map((who, n) => ({ subject: `L${n}`, from: { email: `${who}@example.com` } })),
        },
        User: {
          __resolveReference: (user: object) => ({ ...user }),
          sent: ({ email }: { email: string }) => email.length,
        },
      },
    },
    seats: {
      sdl: `
        type Query { seat: Seat }
        type Seat @key(fields: "row number hall { id }") { row: String! number: Int! hall: Hall! holder: User }
        type Hall { id: ID! @shareable }
        type User @key(fields: "id", resolvable: false) { id: ID! }`,
      resolvers: {
        Query: { seat: () => ({ row: 'B', number: 7, hall: { id: 'h1' } }) },
        Seat: { holder: () => ({ id: 'u2' }) },
      },
    },
    prices: {
      sdl: `
        type Seat @key(fields: "row number hall { id }") { row: String! number: Int! hall: Hall! price: String }
        type Hall { id: ID! @shareable }`,
      resolvers: {
        Seat: {
          __resolveReference: (seat: object) => ({ ...seat }),
          price: ({ row, number, hall }: { row: string; number: number; hall: { id: string } }) =>
            `${hall.id}/${row}${number}`,
        },
      },
    },
  });
});
afterAll(() => graph.close());

test('an entity is joined from another subgraph by its key', async () => {
  expect(await graph.ask('{ user(id: "u1") { name sent } }')).toEqual({ data: { user: { name: 'Ada', sent: 15 } } });
});

test('an entity with another key is found by that, and so leads to a subgraph that knows only the first', async () => {
  expect(await graph.ask('{ letters { subject from { name } } seat { holder { name sent } } }')).toEqual({
    data: {
      letters: [
        { subject: 'L0', from: { name: 'Ada' } },
        { subject: 'L1', from: { name: 'Bob' } },
        { subject: 'L2', from: { name: 'Ada' } },
      ],
      seat: { holder: { name: 'Bob', sent: 15 } },
    },
  });
});

test('all entities of a list are asked for in one request', async () => {
  await graph.ask('{ letters { from { name } } }');
  expect(graph.asked.map(({ part }) => part)).toEqual(['letters', 'users']);
});

test('a key of several fields and of fields of objects', async () => {
  expect(await graph.ask('{ seat { price } }')).toEqual({ data: { seat: { price: 'h1/B7' } } });
});

test('the same entity under several aliases, in fragments and with __typename', async () => {
  const query = `query ($id: ID!) { a: user(id: $id) { ...F } b: user(id: "u2") { __typename again: sent ...F } }
    fragment F on User { n: name sent }`;
  expect(await graph.ask(query, { id: 'u1' })).toEqual({
    data: { a: { n: 'Ada', sent: 15 }, b: { __typename: 'User', again: 15, n: 'Bob', sent: 15 } },
  });
});

test('a skipped field is not fetched', async () => {
  const query = 'query ($more: Boolean!) { user(id: "u1") { name ... @include(if: $more) { sent } } }';
  expect(await graph.ask(query, { more: false })).toEqual({ data: { user: { name: 'Ada' } } });
  expect(graph.asked.map(({ part }) => part)).toEqual(['users']);
  expect(await graph.ask(query, { more: true })).toEqual({ data: { user: { name: 'Ada', sent: 15 } } });
});
