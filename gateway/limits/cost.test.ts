import { describe, expect, test } from '@jest/globals';
import { buildSchema, parse } from 'graphql';
import { composeForTest } from '../../platform/gate/compose.testing.ts';
import { costTableOf } from './cost-table.ts';
import { estimateWith } from './cost.ts';

const HEAD = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", IMPORTS])`;
const BODY = `
  type Query {
    shops(first: Int = 20): ShopConnection @listSize(slicingArguments: ["first"], sizedFields: ["edges", "nodes"]) @cost(weight: 5)
    tree: [Node!] @listSize(assumedSize: 10)
    unknown: [Node]
    named(ids: [ID!]!): [Node] @listSize(assumedSize: 100)
    names(first: Int): [String!] @listSize(slicingArguments: ["first"])
    heavy(deep: Boolean @cost(weight: 7)): Dear
    any: Thing
  }
  type Mutation { make: Node }
  interface Thing { id: ID }
  type ShopConnection { edges: [Edge!]! nodes: [Node!]! total: Int }
  type Edge { node: Node! cursor: String }
  type Node implements Thing { id: ID children: [Node!]! @listSize(assumedSize: 10) }
  type Dear implements Thing @cost(weight: 100) { id: ID price: Int @cost(weight: 3) }
`;
const SUPERGRAPH = composeForTest(HEAD.replace('IMPORTS', '"@cost", "@listSize"') + BODY);
const schema = buildSchema(BODY.replaceAll(/@\w+\([^)]*\)/g, ''));
const costOf = (text: string, variables = {}, sdl = SUPERGRAPH): number =>
  estimateWith(schema, costTableOf(sdl)!)(parse(text), undefined, variables);

describe('the estimate', () => {
  test('of a connection multiplies its lists by `first`, from the query, a variable or a default', () => {
    expect(costOf('{ shops(first: 3) { nodes { id } total } }')).toBe(5 + 3);
    expect(costOf('{ shops(first: 3) { edges { node { id } } nodes { id } } }')).toBe(5 + 3 * 2 + 3);
    expect(costOf('{ shops { nodes { id } } }')).toBe(5 + 20);
    expect(costOf('query ($n: Int = 7) { shops(first: $n) { nodes { id } } }')).toBe(5 + 7);
    expect(costOf('query ($n: Int = 7) { shops(first: $n) { nodes { id } } }', { n: 50 })).toBe(5 + 50);
    expect(costOf('query ($constructor: Int = 7) { shops(first: $constructor) { nodes { id } } }')).toBe(5 + 7);
    expect(costOf('{ shops(first: 1000000) { nodes { id } } }')).toBe(1_000_005);
  });

  test('multiplies lists within lists', () => {
    expect(costOf('{ tree { children { children { id } } } }')).toBe(10 * (1 + 10 * (1 + 10)));
    expect(costOf('{ unknown { id } }')).toBe(10);
  });

  test('counts no more than the ids that are named, as many as the list may have at most', () => {
    expect(costOf('{ named(ids: ["a", "b"]) { id } }')).toBe(2);
    expect(costOf('{ named(ids: "a") { id } }')).toBe(1);
    const query = 'query ($ids: [ID!]!) { named(ids: $ids) { id } }';
    expect(costOf(query, { ids: ['a', 'b', 'c'] })).toBe(3);
    expect(costOf(query, { ids: 'a' })).toBe(1);
    expect(costOf(query, { ids: Array.from({ length: 500 }, () => 'a') })).toBe(100);
    expect(costOf(query)).toBe(100);
  });

  test('takes the weight of a field before that of its type, and adds that of arguments', () => {
    expect(costOf('{ heavy { id price } }')).toBe(103);
    expect(costOf('{ heavy(deep: true) { id } }')).toBe(107);
  });

  test('counts fragments where they are spread, each alias, and no skipped field', () => {
    expect(costOf('{ ...F ...F } fragment F on Query { heavy { id } }')).toBe(200);
    expect(costOf('{ a: heavy { id } b: heavy { id } }')).toBe(200);
    expect(costOf('{ any { ... on Dear { price } } }')).toBe(1 + 3);
    const skipped = 'query ($no: Boolean!) { heavy @include(if: $no) { id } tree @skip(if: true) { id } }';
    expect(costOf(skipped, { no: false })).toBe(0);
    expect(costOf(skipped, { no: true })).toBe(100);
  });

  test('of a mutation begins at 10', () => {
    expect(costOf('mutation { make { id } }')).toBe(11);
  });

  test('of scalars is 0, and introspection is free', () => {
    expect(costOf('{ names(first: 100) __schema { types { name } } }')).toBe(0);
  });
});

test('the directives may have other names', () => {
  const imports = '{ name: "@cost", as: "@weighs" }, { name: "@listSize", as: "@long" }';
  const body = BODY.replaceAll('@cost', '@weighs').replaceAll('@listSize', '@long');
  const renamed = composeForTest(HEAD.replace('IMPORTS', imports) + body);
  expect(costOf('{ shops(first: 3) { nodes { id } } heavy { price } }', {}, renamed)).toBe(5 + 3 + 103);
});

test('a supergraph without costs has no table', () => {
  expect(costTableOf(composeForTest('type Query { a: Int @public }'))).toBeUndefined();
});
