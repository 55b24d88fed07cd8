/** References between small agents: which of them cost a fetch, and how one to a missing entity becomes null. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { Unavailable } from '../../platform/errors.ts';
import { LINKS } from '../../platform/gate/compose.testing.ts';
import { createSubgraph, type Subgraph } from '../../platform/graphql/subgraph.ts';
import { ANONYMOUS } from '../../platform/identity/actor.ts';
import { silentLogger } from '../../platform/log.ts';
import { createGraphVersion, type GraphVersion } from '../graph/graph-version.ts';
import { graphOf } from '../graph/graph.ts';
import { createErrorMask } from '../operations/mask-error.ts';

const PRODUCT = `${LINKS}
  type Query { variants: [Variant!]! @public }
  type Variant @key(fields: "id") @public { id: ID! note: String name: String! }
`;
const PRICING = `${LINKS}
  type Query { prices: Int @public }
  type Variant @key(fields: "id") @public { id: ID! price: Int }
`;
const ORDER = `${LINKS}
  type Mutation { place: Placed @public }
  type Placed @public { variant: Variant line: Line }
  type Query { line: Line @public lines: [Line!]! @public bundle: [Variant] @public sure: Line @public }
  type Line @public { variant: Variant first: Variant last: Variant needed: Variant! }
  type Variant @key(fields: "id", resolvable: false) @public { id: ID! }
`;

const THERE = new Set(['a', 'b']);
let isDown = false;
const variant = (id: string) => ({ __typename: 'Variant', id });
const line = (id: string) => ({ variant: variant(id), first: variant(id), last: variant('a'), needed: variant(id) });
const asked: string[] = [];
const counted = (subgraph: Subgraph): Subgraph => ({
  ...subgraph,
  execute: (request, context) => {
    asked.push(subgraph.name);
    if (isDown && subgraph.name === 'product') return Promise.reject(new Unavailable('away'));
    return subgraph.execute(request, context);
  },
});

const known = ({ id }: { id: string }) => (THERE.has(id) ? { id, name: `name ${id}`, note: null } : null);
const parts = [
  createSubgraph('order', parse(ORDER), {
    Mutation: { place: () => ({ variant: variant('gone'), line: line('gone') }) },
    Query: {
      line: () => line('gone'),
      lines: () => ['a', 'gone', 'b'].map(line),
      bundle: () => ['gone', 'a'].map(variant),
      sure: () => line('gone'),
    },
  }),
  createSubgraph('pricing', parse(PRICING), {
    Variant: { __resolveReference: ({ id }: { id: string }) => ({ id, price: 5 }) },
  }),
  createSubgraph('product', parse(PRODUCT), {
    Query: { variants: () => [...THERE].map((id) => known({ id })) },
    Variant: { __resolveReference: known },
  }),
].map(counted);

let graphVersion: GraphVersion;
beforeAll(async () => {
  const nodes = [{ prefix: 'variant', type: 'Variant', agent: 'product', decisions: [] }];
  graphVersion = await createGraphVersion({ ...graphOf(parts), nodes }, { policies: {}, onError: () => {} });
});
afterAll(() => graphVersion.retire());

async function ask(query: string) {
  asked.length = 0;
  const document = parse(query);
  expect(graphVersion.validate(document)).toEqual([]);
  const context = { actor: ANONYMOUS, correlationId: 'req_1' };
  const result = createErrorMask(silentLogger).result(
    await graphVersion.execution.execute({ document, context }),
    'req_1',
  );
  return { data: JSON.parse(JSON.stringify(result.data)) as unknown, errors: result.errors };
}

test.each([
  '{ id }',
  '{ __typename }',
  '{ price }',
  '{ name }',
  '{ note }',
  '{ id name price }',
  '{ ... { id } }',
  '{ x: id __reference: id }',
])('a reference that its owner does not know is null, without an error: variant %s', async (selection) => {
  expect(await ask(`{ line { variant ${selection} } }`)).toEqual({
    data: { line: { variant: null } },
    errors: undefined,
  });
});

test('references that are found stay, under the names that the client gave', async () => {
  const query =
    '{ lines { v: variant { __reference: id price ...F } first { id } last { id } } } fragment F on Variant { id }';
  const of = (id: string) => ({ v: { __reference: id, price: 5, id }, first: { id }, last: { id: 'a' } });
  expect(await ask(query)).toEqual({
    data: { lines: [of('a'), { v: null, first: null, last: { id: 'a' } }, of('b')] },
    errors: undefined,
  });
});

test('a missing entity in a list is null at its place', async () => {
  expect((await ask('{ bundle { id } }')).data).toEqual({ bundle: [null, { id: 'a' }] });
});

test("a reference in a mutation's payload is not checked, since the mutation has just made it; one deeper in it is", async () => {
  expect(await ask('mutation { place { variant { id } line { variant { id } } } }')).toEqual({
    data: { place: { variant: { id: 'gone' }, line: { variant: null } } },
    errors: undefined,
  });
});

test('a null where none may be propagates to the parent, with an error that says why', async () => {
  const { data, errors } = await ask('{ sure { needed { id } } }');
  expect([data, errors?.map(({ path, extensions }) => [path, extensions.code])]).toEqual([
    { sure: null },
    [[['sure', 'needed'], 'NOT_FOUND']],
  ]);
});

test('an owner is asked once, whether the client selects its fields or only the references need it', async () => {
  const fetches = async (query: string): Promise<string[]> => {
    await ask(query);
    return asked.toSorted();
  };
  expect(await fetches('{ line { variant { name } } }')).toEqual(['order', 'product']);
  expect(await fetches('{ line { variant { id name price } } }')).toEqual(['order', 'pricing', 'product']);
  expect(await fetches('{ line { variant { id } } }')).toEqual(['order', 'product']);
  expect(await fetches('{ lines { variant { price } } }')).toEqual(['order', 'pricing', 'product']);
  // No reference crosses from one agent to another here.
  expect(await fetches('{ variants { id } }')).toEqual(['product']);
  expect(await fetches('{ variants { id price } }')).toEqual(['pricing', 'product']);
});

test('plans of documents with references are cached like any other', async () => {
  const document = '{ line { variant { id price } } }';
  await ask(document);
  const plans = graphVersion.plans();
  await ask(document);
  expect(graphVersion.plans()).toBe(plans);
});

test('an owner that is away costs its reference, with one error at its place', async () => {
  isDown = true;
  try {
    const told = async (query: string) => {
      const { data, errors } = await ask(query);
      return [data, errors?.map(({ path, extensions }) => [path, extensions.code])];
    };
    expect(await told('{ line { variant { id price } } }')).toEqual([
      { line: { variant: null } },
      [[['line', 'variant'], 'UNAVAILABLE']],
    ]);
    expect(await told('{ line { variant { name } } }')).toEqual([
      { line: { variant: null } },
      [[['line', 'variant', 'name'], 'UNAVAILABLE']],
    ]);
  } finally {
    isDown = false;
  }
});
