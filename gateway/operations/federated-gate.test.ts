import { describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { LINKS } from '../../platform/gate/compose.testing.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { createSubgraph } from '../../platform/graphql/subgraph.ts';
import { startGateway } from '../gateway.testing.ts';

const PRODUCTS = `${LINKS}
  type Query { nodes: [Node] @public hangs: Int @public }
  interface Node { id: ID! label: String }
  type Product implements Node @key(fields: "id") @public { id: ID! label: String weight: Int @authenticated }
  type Invoice implements Node @key(fields: "id") @requiresScopes(scopes: [["payment:read"]]) { id: ID! label: String }
`;
const SHIPPING = `${LINKS}
  type Product @key(fields: "id") @public {
    id: ID!
    weight: Int @external
    estimate: Int @requires(fields: "weight") @authenticated
    depot: Depot!
  }
  type Depot @public { city: String code: String! @authenticated }
`;
const NODES = [
  { __typename: 'Product', id: 'p1', label: 'Lamp', weight: 3 },
  { __typename: 'Invoice', id: 'i1', label: 'Bill' },
];
const aborted: unknown[] = [];
const hangs = (_: unknown, __: unknown, { signal }: RequestContext): Promise<never> => {
  signal!.addEventListener('abort', () => aborted.push(signal!.reason));
  return new Promise(() => {});
};
const depot = () => ({ city: 'Paris', code: 'PAR' });
const subgraphs = [
  createSubgraph('product', parse(PRODUCTS), { Query: { nodes: () => NODES.map((node) => ({ ...node })), hangs } }),
  createSubgraph('shipping', parse(SHIPPING), {
    Product: {
      __resolveReference: (reference: object) => ({ ...reference }),
      estimate: ({ weight }: { weight: number }) => weight * 10,
      depot,
    },
  }),
];

async function ask(
  query: string,
  token?: string,
): Promise<{ data: unknown; errors?: { path: unknown; extensions: object }[] }> {
  const it = await startGateway({ subgraphs, timeoutMs: 200 });
  try {
    return (await (await it.post(query, { token })).json()) as never;
  } finally {
    await it.gateway.close();
  }
}

describe('the gate before federated execution', () => {
  test('prunes a type from a field of an interface, and leaves the others to it', async () => {
    const { data, errors } = await ask('{ nodes { id label } }');
    expect(data).toEqual({ nodes: [{ id: 'p1', label: 'Lamp' }, null] });
    expect(errors!.map((error) => error.extensions)).toContainEqual({
      code: 'UNAUTHENTICATED',
      coordinate: 'Invoice.id',
    });
  });

  test('does not show a field because another field requires it', async () => {
    const query = '{ nodes { ... on Product { w: weight estimate depot { city } } } }';
    const anonymous = await ask(query);
    expect(anonymous.data).toEqual({ nodes: [{ w: null, estimate: null, depot: { city: 'Paris' } }, {}] });
    const signedIn = await ask(query, 'Bearer ada');
    expect(signedIn).toEqual({ data: { nodes: [{ w: 3, estimate: 30, depot: { city: 'Paris' } }, {}] } });
  });

  test('lets null pass in a field that another subgraph calls non-null', async () => {
    const { data } = await ask('{ nodes { ... on Product { id depot { city code } } } }');
    expect(data).toEqual({ nodes: [null, {}] });
  });
});

describe('an agent that does not answer', () => {
  test('costs the operation UNAVAILABLE after its time limit, and its request is aborted', async () => {
    const { errors } = await ask('{ hangs }');
    expect(errors!.map((error) => error.extensions)).toEqual([expect.objectContaining({ code: 'UNAVAILABLE' })]);
    expect(aborted).toEqual([expect.objectContaining({ code: 'UNAVAILABLE' })]);
  });
});
