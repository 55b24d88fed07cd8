import { describe, expect, test } from '@jest/globals';
import { print } from 'graphql';
import { actorWith, gateOf, runThroughGate } from './compose.testing.ts';

const GRAPH = gateOf(`
  type Query { node: Node @public nodes: [Node] @public strict: [Node!]! @public found: [Found!]! @public }
  interface Node { id: ID! owner: Owner }
  type Owner @requiresScopes(scopes: [["owner:read"]]) { name: String }
  type Product implements Node @public { id: ID! name: String owner: Owner }
  type Order implements Node @authenticated { id: ID! total: Int owner: Owner }
  union Found = Product | Order
`);
const product = { __typename: 'Product', id: 'p', name: 'Lamp' };
const order = { __typename: 'Order', id: 'o', total: 5 };

describe('the gate on interfaces and unions', () => {
  test('checks only the types that are named', async () => {
    const run = await runThroughGate(GRAPH, '{ found { ... on Product { name } } }', { data: { found: [product] } });
    expect(run.kind).toBe('allowed');
  });

  test('prunes the fragment of a denied type, for objects of that type only', async () => {
    const query = '{ found { ... on Product { name } ... on Order { total } } }';
    const { result, executed } = await runThroughGate(GRAPH, query, { data: { found: [product, order] } });
    expect(result.data).toEqual({ found: [{ name: 'Lamp' }, { total: null }] });
    expect(result.errors!.map((error) => error.path)).toEqual([['found', 'total']]);
    expect(print(executed!)).not.toContain('total');
  });

  test('answers a field of the interface for permitted types and denies it for objects of the others', async () => {
    const query = '{ nodes { id } }';
    const permitted = await runThroughGate(GRAPH, query, { data: { nodes: [product] } });
    expect(permitted.result).toEqual({ data: { nodes: [{ id: 'p' }] } });
    const mixed = await runThroughGate(GRAPH, query, { data: { nodes: [product, order] } });
    expect(mixed.result.data).toEqual({ nodes: [{ id: 'p' }, null] });
    expect(mixed.result.errors!.map((error) => error.extensions)).toEqual([
      { code: 'UNAUTHENTICATED', coordinate: 'Order.id' },
    ]);
    const signedIn = await runThroughGate(GRAPH, query, { data: { nodes: [product, order] }, actor: actorWith() });
    expect(signedIn.result).toEqual({ data: { nodes: [{ id: 'p' }, { id: 'o' }] } });
  });

  test('lets null propagate to the root where the list and its items are non-null', async () => {
    const { result } = await runThroughGate(GRAPH, '{ strict { id } }', { data: { strict: [product, order] } });
    expect(result.data).toBeNull();
  });

  test('narrows through nested fragments', async () => {
    const query = '{ node { ... on Node { ... on Order { total } ... on Product { ... on Node { id } } } } }';
    const { result } = await runThroughGate(GRAPH, query, { data: { node: order } });
    expect(result.data).toEqual({ node: { total: null } });
    expect(result.errors!.map((error) => error.extensions.coordinate)).toEqual(['Order.total']);
  });

  test('checks the type that a field of the interface returns', async () => {
    const { result } = await runThroughGate(GRAPH, '{ node { id owner { name } } }', {
      data: { node: { ...product, owner: { name: 'Ada' } } },
      actor: actorWith(),
    });
    expect(result.data).toEqual({ node: { id: 'p', owner: null } });
    expect(result.errors!.map((error) => error.extensions.coordinate)).toEqual(['Product.owner']);
  });

  test('does not let an alias pass for the type of an object', async () => {
    const query = '{ node { __gate_typename: id ... on Order { total } } }';
    expect((await runThroughGate(GRAPH, query, { data: { node: order } })).kind).toBe('refused');
  });
});
