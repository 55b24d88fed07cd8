/** Queries compiled by graphql-jit must answer exactly as graphql-js does. */
import { describe, expect, test } from '@jest/globals';
import { execute, parse } from 'graphql';
import { Forbidden, isTransient, Unavailable } from '../errors.ts';
import { ANONYMOUS } from '../identity/actor.ts';
import type { RequestContext } from './context.ts';
import { resolversOf } from './resolvers.ts';
import { createSubgraph } from './subgraph.ts';
import { typeDefsOf } from './type-defs.ts';

const typeDefs = typeDefsOf(`
  type Query {
    echo(n: Int = 7, at: DateTime, list: [Int!], filter: Filter): JSON
    thing(id: ID!): Thing
    things(ids: [ID!]! = ["a", "b"]): [Thing!]
    sure: Thing!
    any(kind: String!): Any
    fails(how: String!): Thing
    who: String
  }
  type Mutation { count(by: Int!, options: Options): Int! }
  type Subscription { ticks(to: Int!): Int! }
  input Filter { kind: Kind = NEW  size: Int = 3  name: String  nested: Nested }
  input Nested { deep: Int = 9 }
  input Options { twice: Boolean = true }
  enum Kind { NEW OLD }
  interface Named { name: String! }
  type Thing implements Named @key(fields: "id") { id: ID! name: String! maybe: String other: Thing others: [Thing]  sure: Thing! slow: String }
  type Other implements Named { name: String! size: Int }
  union Any = Thing | Other
`);

const thing = (id: string): object => ({ id, name: `name ${id}`, maybe: null });
let counted = 0;
const resolvers = resolversOf(typeDefs, {
  Query: {
    echo: (_: unknown, args: object) => JSON.parse(JSON.stringify(args)),
    thing: (_: unknown, { id }: { id: string }) => (id === 'none' ? null : thing(id)),
    things: (_: unknown, { ids }: { ids: string[] }) => ids.map(thing),
    sure: () => null,
    any: (_: unknown, { kind }: { kind: string }) => ({ __typename: kind, ...thing('x'), size: 4 }),
    fails: (_: unknown, { how }: { how: string }) => {
      if (how === 'forbidden') throw new Forbidden('This is not yours.');
      if (how === 'later') return Promise.reject(new Unavailable('away'));
      throw new Unavailable('away');
    },
    who: (_: unknown, __: object, { actor }: RequestContext) => actor.id,
  },
  Mutation: {
    count: (_: unknown, { by, options }: { by: number; options?: { twice: boolean } }) =>
      (counted += by * (options?.twice ? 2 : 1)),
  },
  Subscription: {
    ticks: {
      async *subscribe(_: unknown, { to }: { to: number }) {
        for (let n = 1; n <= to; n++) yield { ticks: n };
      },
    },
  },
  Any: { __resolveType: (value: { __typename: string }) => value.__typename },
  Named: { __resolveType: (value: { __typename: string }) => value.__typename },
  Thing: {
    __resolveReference: ({ id }: { id: string }) => (id === 'none' ? null : thing(id)),
    other: ({ id }: { id: string }) => (id === 'end' ? null : thing('end')),
    others: () => [thing('1'), null, Promise.resolve(thing('2'))],
    sure: () => null,
    slow: async ({ id }: { id: string }) => `slow ${id}`,
  },
});
const subgraph = createSubgraph('small', typeDefs, resolvers);
const context: RequestContext = { actor: ANONYMOUS, correlationId: 'req_1' };

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const ours = async (query: string, variables?: Record<string, unknown>, operationName?: string) =>
  subgraph.execute({ query, variables, operationName }, context);
const theirs = async (query: string, variables?: Record<string, unknown>, operationName?: string) =>
  execute({
    schema: subgraph.schema,
    document: parse(query),
    variableValues: variables,
    operationName,
    contextValue: context,
  });

type Case = [string, string, Record<string, unknown>?];
/** A case with all its arguments: Jest would take a missing last one for a callback, and wait for it. */
const whole = ([name, query, variables = {}]: Case): [string, string, Record<string, unknown>] => [
  name,
  query,
  variables,
];

const CASES: Case[] = [
  ['an argument that is left out', '{ echo }'],
  ['an argument that is null', '{ echo(n: null) }'],
  ['a variable', 'query ($n: Int) { echo(n: $n) }', { n: 3 }],
  ['a variable that is left out, for an argument with a default', 'query ($n: Int) { echo(n: $n) }'],
  ['a variable that is null', 'query ($n: Int) { echo(n: $n) }', { n: null }],
  ['the default of a variable', 'query ($n: Int = 5) { echo(n: $n) }'],
  ['a variable that is given instead of its default', 'query ($n: Int = 5) { echo(n: $n) }', { n: 6 }],
  ['a variable that is null instead of its default', 'query ($n: Int = 5) { echo(n: $n) }', { n: null }],
  ['a variable that has a default and must not be null', 'query ($id: ID! = 5) { thing(id: $id) { id } }'],
  ['a default that says whether', 'query ($y: Boolean = true) { who @skip(if: $y) echo(n: 1) @include(if: $y) }'],
  ['a list as the default of a variable', 'query ($l: [Int!] = [1, 2]) { echo(list: $l) }'],
  ['one value as the default of a list', 'query ($l: [Int!] = 3) { echo(list: $l) }'],
  ['null as the default of a variable', 'query ($n: Int = null) { echo(n: $n) }'],
  ['a default for a scalar of ours', 'query ($at: DateTime = "2026-01-31T12:00:00Z") { echo(at: $at) }'],
  ['a list of variables', 'query ($n: Int!) { echo(list: [1, $n]) }', { n: 2 }],
  ['one value for a list', '{ echo(list: 4) }'],
  ['one value for a list in a variable', 'query ($l: [Int!]) { echo(list: $l) }', { l: 4 }],
  ['a scalar of ours in the document', '{ echo(at: "2026-01-31T12:00:00+01:00") }'],
  ['a scalar of ours in a variable', 'query ($at: DateTime) { echo(at: $at) }', { at: '2026-01-31T12:00:00Z' }],
  ['the defaults of an input object in the document', '{ echo(filter: { name: "x", nested: {} }) }'],
  ['the defaults of an input object in a variable', 'query ($f: Filter) { echo(filter: $f) }', { f: { nested: {} } }],
  ['an input object as the default of a variable', 'query ($f: Filter = { name: "y" }) { echo(filter: $f) }'],
  [
    'a variable inside an input object',
    'query ($name: String) { echo(filter: { name: $name, kind: OLD }) }',
    { name: 'x' },
  ],
  [
    'a variable that is left out inside an input object',
    'query ($name: String, $s: Int) { echo(filter: { name: $name, size: $s }) }',
  ],
  ['a default list', '{ things { id name } }'],
  [
    'aliases and fragments',
    'fragment F on Thing { name other { ...G } } fragment G on Thing { id } { a: thing(id: "1") { ...F } b: thing(id: "2") { ...F id } }',
  ],
  [
    'skip and include',
    'query ($y: Boolean!, $n: Boolean!) { thing(id: "1") { id @skip(if: $y) name @include(if: $n) maybe @include(if: $y) } }',
    { y: true, n: false },
  ],
  ['names that objects have already', '{ __proto__: thing(id: "1") { __proto__: name constructor: id then: id } }'],
  [
    'variables called as objects have names already',
    'query ($constructor: Int = 2, $toString: Int) { a: echo(n: $constructor) b: echo(n: $toString) }',
  ],
  ['null for what may be null', '{ thing(id: "none") { id } }'],
  ['null for what may not, which takes its parent along', '{ thing(id: "1") { id other { sure { id } } } }'],
  ['null for what may not, at the root', '{ sure { id } who }'],
  ['null in a list', '{ thing(id: "1") { others { id slow } } }'],
  [
    'a union',
    '{ a: any(kind: "Thing") { __typename ... on Thing { id } } b: any(kind: "Other") { ... on Other { size } ... on Named { name } } }',
  ],
  ['an error beside an answer', '{ who fails(how: "now") { id } }'],
  ['an error that comes later', '{ who fails(how: "later") { id } }'],
  [
    'entities',
    'query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Thing { id name slow } } }',
    {
      r: [
        { __typename: 'Thing', id: 'e' },
        { __typename: 'Thing', id: 'none' },
      ],
    },
  ],
];

describe('the answer is that of graphql-js for', () => {
  test.each(CASES.map(whole))('%s', async (_, query, variables) => {
    const [mine, reference] = [await ours(query, variables), await theirs(query, variables)];
    expect(plain(mine.data)).toEqual(plain(reference.data));
    const seen = ({ errors = [] }: typeof mine) =>
      errors.map(({ message, path, extensions }) => ({ message, path, extensions: { ...extensions } }));
    expect(seen(mine)).toEqual(seen(reference));
  });
});

const REFUSED: Case[] = [
  ['a variable of the wrong type', 'query ($n: Int) { echo(n: $n) }', { n: 'x' }],
  ['a variable that is missing', 'query ($id: ID!) { thing(id: $id) { id } }'],
  ['a scalar of ours that does not fit', 'query ($at: DateTime) { echo(at: $at) }', { at: '2026-02-30T00:00:00Z' }],
  ['a field that an input object has not', 'query ($f: Filter) { echo(filter: $f) }', { f: { size: 1, evil: 1 } }],
];

test.each(REFUSED.map(whole))('%s is refused before anything is resolved', async (_, query, variables) => {
  const { data, errors } = await ours(query, variables);
  expect(data ?? null).toBeNull();
  expect(errors).toHaveLength(1);
});

test('the original error can be found from the answer, compiled or not', async () => {
  const documents = [
    '{ fails(how: "later") { id } }',
    'query ($f: Filter) { echo(filter: $f) fails(how: "now") { id } }',
  ];
  for (const query of documents) {
    const { errors } = await ours(query, {});
    expect(errors?.[0]?.originalError).toBeInstanceOf(Unavailable);
    expect(isTransient(errors?.[0]?.originalError)).toBe(true);
    expect(errors?.[0]?.path).toEqual(['fails']);
  }
  expect((await ours('{ fails(how: "forbidden") { id } }')).errors?.[0]?.originalError).toBeInstanceOf(Forbidden);
});

test('the named one of several operations runs', async () => {
  const query = 'query A { who } query B { echo(n: 1) }';
  expect(plain(await ours(query, {}, 'B'))).toEqual({ data: { echo: { n: 1 } } });
  expect(plain(await ours(query, {}, 'A'))).toEqual({ data: { who: 'anonymous' } });
});

test('a cached document answers each caller and each variable anew', async () => {
  const query = 'query ($n: Int) { who echo(n: $n) }';
  const other = { ...context, actor: Object.assign(Object.create(ANONYMOUS), { id: 'user_1' }) };
  const answers = await Promise.all([
    subgraph.execute({ query, variables: { n: 1 } }, context),
    subgraph.execute({ query, variables: { n: 2 } }, other),
  ]);
  expect(plain(answers)).toEqual([
    { data: { who: 'anonymous', echo: { n: 1 } } },
    { data: { who: 'user_1', echo: { n: 2 } } },
  ]);
});

test('the fields of a mutation run one after the other, with the defaults of its input', async () => {
  counted = 0;
  const query = 'mutation ($o: Options) { a: count(by: 1) b: count(by: 2, options: $o) c: count(by: 10) }';
  expect(plain(await ours(query, { o: {} }))).toEqual({ data: { a: 1, b: 5, c: 15 } });
});

test('a subscription yields its events, and says why when it cannot be opened', async () => {
  const query = 'subscription ($to: Int!) { ticks(to: $to) }';
  const opened = await subgraph.subscribe({ query, variables: { to: 3 } }, context);
  expect(await Array.fromAsync(opened as AsyncIterable<unknown>)).toEqual(
    [1, 2, 3].map((ticks) => ({ data: { ticks } })),
  );
  const refused = await subgraph.subscribe({ query, variables: {} }, context);
  expect(refused).toMatchObject({ errors: [expect.anything()] });
});

test('the SDL has the room’s own definitions, the shared ones and the federation head', () => {
  for (const part of ['type Thing implements Named', 'scalar DateTime', '@composeDirective(name: "@public")'])
    expect(subgraph.sdl).toContain(part);
  expect(parse(subgraph.sdl).kind).toBe('Document');
});
