import { describe, expect, test } from '@jest/globals';
import { print } from 'graphql';
import { actorWith, gateOf, runThroughGate } from './compose.testing.ts';

const SHOP = gateOf(`
  type Query {
    product(id: ID): Product @public
    products: [Product!]! @public
    secret: String @authenticated
    required: String! @authenticated
    orders: [Order!] @public
    report: Report @public
    staff: String @requiresScopes(scopes: [["order:read", "order:write"], ["x:y"]])
  }
  type Product @public {
    id: ID!
    name: String
    weight: Int @authenticated
    cost: Int! @requiresScopes(scopes: [["product:read"]])
    maker: Maker!
    tags: [Tag!]
  }
  type Maker @public { name: String email: String! @authenticated }
  type Tag @public { label: String! secret: String! @authenticated }
  type Order @authenticated { id: ID! total: Int next: Order margin: Int @requiresScopes(scopes: [["order:read"]]) }
  type Report @requiresScopes(scopes: [["analytics:read"]]) { rows: Int }
`);
const product = { id: 'p1', name: 'Lamp', weight: 3, cost: 7, maker: { name: 'Ada', email: 'a@b.c' } };
const data = {
  product,
  products: [product],
  secret: 's',
  required: 'r',
  orders: [{ id: 'o1', total: 1, margin: 2 }],
  staff: 'x',
  report: { rows: 1 },
};
const codes = (result: { errors?: readonly { extensions: Record<string, unknown>; path?: unknown }[] }): unknown[] =>
  (result.errors ?? []).map((error) => [error.extensions.code, error.extensions.coordinate, error.path]);

describe('the gate', () => {
  test('leaves a public operation unchanged', async () => {
    const run = await runThroughGate(SHOP, '{ product { id name } }', { data });
    expect(run.kind).toBe('allowed');
    expect(run.result).toEqual({ data: { product: { id: 'p1', name: 'Lamp' } } });
  });

  test('answers null and UNAUTHENTICATED for a guarded field, and asks no subgraph for it', async () => {
    const run = await runThroughGate(SHOP, '{ product { name weight } }', { data });
    expect(run.result.data).toEqual({ product: { name: 'Lamp', weight: null } });
    expect(codes(run.result)).toEqual([['UNAUTHENTICATED', 'Product.weight', ['product', 'weight']]]);
    expect(print(run.executed!)).not.toContain('weight');
  });

  test('answers FORBIDDEN to a signed-in actor, and names the missing scope', async () => {
    const { result } = await runThroughGate(SHOP, '{ product { cost } }', { data, actor: actorWith() });
    expect(codes(result)).toEqual([['FORBIDDEN', 'Product.cost', ['product', 'cost']]]);
    expect(result.errors![0]!.message).toContain('the scope product:read');
    expect(result.data).toEqual({ product: null });
  });

  test('lets an actor with the needed scope through', async () => {
    const actor = actorWith({ scopes: ['product:read'] });
    const run = await runThroughGate(SHOP, '{ product { cost weight } }', { data, actor });
    expect(run.result).toEqual({ data: { product: { cost: 7, weight: 3 } } });
  });

  test('reads groups of scopes as "or" of "and"', async () => {
    for (const [scopes, may] of [
      [['order:read'], false],
      [['order:read', 'order:write'], true],
      [['x:y'], true],
    ] as const) {
      const { result } = await runThroughGate(SHOP, '{ staff }', { data, actor: actorWith({ scopes }) });
      expect(result.data).toEqual({ staff: may ? 'x' : null });
    }
  });

  test('checks a type once, at the field that returns it, and narrower fields below', async () => {
    const anonymous = await runThroughGate(SHOP, '{ orders { id total } }', { data });
    expect(anonymous.executed).toBeUndefined();
    expect(codes(anonymous.result)).toEqual([['UNAUTHENTICATED', 'Query.orders', ['orders']]]);
    const signedIn = await runThroughGate(SHOP, '{ orders { id margin } report { rows } }', {
      data,
      actor: actorWith(),
    });
    expect(signedIn.result.data).toEqual({ orders: [{ id: 'o1', margin: null }], report: null });
    expect(codes(signedIn.result)).toEqual([
      ['FORBIDDEN', 'Order.margin', ['orders', 'margin']],
      ['FORBIDDEN', 'Query.report', ['report']],
    ]);
  });

  test('sees through aliases', async () => {
    const { result } = await runThroughGate(SHOP, '{ name: product { id: weight } product { n: name } }', { data });
    expect(result.data).toEqual({ name: { id: null }, product: { n: 'Lamp' } });
    expect(codes(result)).toEqual([['UNAUTHENTICATED', 'Product.weight', ['name', 'id']]]);
  });

  test('sees a fragment that is spread twice at both places', async () => {
    const query = '{ a: product { ...F } b: product { maker { name } ...F } } fragment F on Product { name weight }';
    const { result, executed } = await runThroughGate(SHOP, query, { data });
    expect(result.data).toEqual({
      a: { name: 'Lamp', weight: null },
      b: { maker: { name: 'Ada' }, name: 'Lamp', weight: null },
    });
    expect(codes(result).map((code) => (code as unknown[])[2])).toEqual([
      ['a', 'weight'],
      ['b', 'weight'],
    ]);
    expect(print(executed!)).not.toContain('weight');
  });

  test('lets null propagate through non-null parents up to a nullable one', async () => {
    const { result } = await runThroughGate(SHOP, '{ product { name maker { name email } } }', { data });
    expect(result.data).toEqual({ product: null });
  });

  test('lets null propagate through non-null items to the list, and to the root if nothing is nullable', async () => {
    const tagged = { product: { ...product, tags: [{ label: 'a' }, { label: 'b' }] }, products: [product] };
    const list = await runThroughGate(SHOP, '{ product { name tags { label secret } } }', { data: tagged });
    expect(list.result.data).toEqual({ product: { name: 'Lamp', tags: null } });
    const root = await runThroughGate(SHOP, '{ products { maker { email } } }', { data: tagged });
    expect(root.result.data).toBeNull();
    const required = await runThroughGate(SHOP, '{ required product { id } }', { data });
    expect(required.result.data).toBeNull();
  });

  test('leaves no `__gate_typename` in an object whose selections were all denied', async () => {
    const { result } = await runThroughGate(SHOP, '{ product { weight } }', { data });
    expect(result.data).toEqual({ product: { weight: null } });
  });

  test('does not check selections that @skip and @include leave out', async () => {
    const query =
      'query($no: Boolean!) { product { name weight @include(if: $no) ...F @skip(if: true) } } fragment F on Product { cost }';
    const { kind, result } = await runThroughGate(SHOP, query, { data, variables: { no: false } });
    expect(kind).toBe('allowed');
    expect(result.data).toEqual({ product: { name: 'Lamp' } });
  });

  test('reads @include with the default of its variable', async () => {
    const query = 'query($yes: Boolean = true) { product { name weight @include(if: $yes) } }';
    const { result, executed } = await runThroughGate(SHOP, query, { data, variables: {} });
    expect(result.data).toEqual({ product: { name: 'Lamp', weight: null } });
    expect(print(executed!)).not.toContain('weight');
  });

  test('refuses variables of a wrong type', async () => {
    const { kind, result } = await runThroughGate(SHOP, 'query($id: ID) { product(id: $id) { id } }', {
      variables: { id: { a: 1 } },
    });
    expect(kind).toBe('refused');
    expect(codes(result)).toEqual([['BAD_USER_INPUT', undefined, undefined]]);
  });

  test('refuses null in non-null places, at every depth of an argument, unless they are skipped', async () => {
    const { gate, schema } = gateOf(`
      input Deep { of: Deep many: [Int!] one: Int! = 1 }
      type Query { a(in: Deep): Int @public b(many: [Int!], some: [[Int!]!], dear: Int! = 2): Int @public }
    `);
    const refused = async (source: string, variables: Record<string, unknown>): Promise<unknown> => {
      const { result } = await runThroughGate({ gate, schema }, source, { variables, data: {} });
      return codes(result);
    };
    const told = (key: string) => [['BAD_USER_INPUT', undefined, [key]]];
    const x = { x: null };
    expect(await refused('query ($x: Int = 3) { k: a(in: { of: { of: { one: $x } } }) }', x)).toEqual(told('k'));
    expect(await refused('query ($x: Int) { a(in: { of: { one: $x } }) }', x)).toEqual(told('a'));
    expect(await refused('query ($x: Int = 3) { a(in: { many: [1, $x] }) }', x)).toEqual(told('a'));
    expect(await refused('query ($x: Int = 3) { b(many: [$x]) }', x)).toEqual(told('b'));
    expect(await refused('query ($x: Int = 3) { b(some: [[1], [$x]]) }', x)).toEqual(told('b'));
    expect(await refused('query ($x: [Int!] = [3]) { b(some: [$x]) }', x)).toEqual(told('b'));
    expect(await refused('query ($x: Int) { b(dear: $x) }', x)).toEqual(told('b'));
    expect(await refused('query ($x: Int) { b(dear: $x) }', {})).toEqual([]);
    expect(await refused('query ($x: [Int!] = [3]) { b(many: $x) }', x)).toEqual([]);
    expect(
      await refused('query ($x: Int = 3, $y: Boolean!) { b(dear: $x) @include(if: $y) }', { x: null, y: false }),
    ).toEqual([]);
  });

  test('skips introspection', async () => {
    const query = '{ __typename __schema { queryType { ...T } } product { __typename } } fragment T on __Type { name }';
    expect((await runThroughGate(SHOP, query, { data })).kind).toBe('allowed');
  });

  test('refuses an operation whose fragments grow without bound', async () => {
    const fragments = Array.from(
      { length: 16 },
      (_, i) => `fragment F${i} on Product { ${i < 15 ? `...F${i + 1} ...F${i + 1}` : 'id'} }`,
    );
    const { kind, result } = await runThroughGate(SHOP, `{ product { ...F0 } } ${fragments.join(' ')}`, { data });
    expect(kind).toBe('refused');
    expect(codes(result)[0]).toEqual(['OPERATION_TOO_LARGE', undefined, undefined]);
  });

  test('gives the same pruned document for the same denials, so that its plan can be cached', async () => {
    const { parse } = await import('graphql');
    const document = parse('{ product { name weight cost } }');
    const first = await SHOP.gate.check({ document, actor: actorWith() });
    const again = await SHOP.gate.check({ document, actor: actorWith({ id: 'user_2' }) });
    const other = await SHOP.gate.check({ document, actor: actorWith({ scopes: ['x:y'], roles: ['VIEWER'] }) });
    if (first.kind !== 'pruned' || again.kind !== 'pruned') throw new Error('not pruned');
    expect(again.document).toBe(first.document);
    expect(other.kind).toBe('allowed');
  });
});
