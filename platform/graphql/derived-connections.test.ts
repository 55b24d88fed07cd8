import { describe, expect, test } from '@jest/globals';
import { type DocumentNode, Kind, parse, print } from 'graphql';
import { subgraphDecisions } from '../gate/subgraph-decisions.ts';
import { ANONYMOUS } from '../identity/actor.ts';
import { withConnections } from './derived-connections.ts';
import { resolversOf } from './resolvers.ts';
import { createSubgraph } from './subgraph.ts';
import { typeDefsOf } from './type-defs.ts';

const PRODUCTS = 'type Query { products(first: Int, after: String): ProductConnection @authenticated }';
const PRODUCT = 'type Product @key(fields: "id") @shareable @public { id: ID! }';

const derive = (...sdl: string[]): DocumentNode => withConnections(parse(sdl.join('\n')));

/** The definitions of this name, printed. */
const printed = ({ definitions }: DocumentNode, name: string): string[] =>
  definitions.filter((node) => 'name' in node && node.name?.value === name).map((node) => print(node));

describe('a connection that the room names and does not define', () => {
  test('is derived with its edge, as one would write them', () => {
    const written = `
      "A page of products."
      type ProductConnection @public {
        "The products of this page, each with its cursor."
        edges: [ProductEdge!]!
        "The products of this page."
        nodes: [Product!]!
        "Whether there are more, and the cursors of the first and the last of this page."
        pageInfo: PageInfo!
        "Number of products on all pages. Counted only when asked for."
        totalCount: Int!
      }

      "One product of a page, with its cursor."
      type ProductEdge @public {
        "The product."
        node: Product!
        "Cursor of the product: give it as \`after\` to get what follows it."
        cursor: String!
      }`;
    expect(print(derive(PRODUCTS, PRODUCT))).toBe(print(parse([PRODUCTS, PRODUCT, written].join('\n'))));
  });

  test.each([
    '@public',
    '@authenticated',
    '@requiresScopes(scopes: [["product:read"], ["product:write"]])',
    '@policy(policies: [["own"]])',
    '@inaccessible @requiresScopes(scopes: [["product:command"]])',
  ])('is seen by those who may see what it lists: %s', (decision) => {
    const sdl = derive(PRODUCTS, `type Product @key(fields: "id") ${decision} @sameForAll { id: ID! }`);
    expect(printed(sdl, 'ProductConnection')[0]).toContain(`type ProductConnection ${decision} {`);
    expect(printed(sdl, 'ProductEdge')[0]).toContain(`type ProductEdge ${decision} {`);
  });

  test('is derived once, however many fields name it, in whatever file and however wrapped', () => {
    const sdl = derive(
      PRODUCTS,
      PRODUCT,
      'extend type Query { newest: ProductConnection! similar: [ProductConnection!] }',
      'interface Shelf { products: ProductConnection }',
    );
    expect(printed(sdl, 'ProductConnection')).toHaveLength(1);
    expect(
      printed(
        derive('type Query { one: Int }', 'extend type Query { products: ProductConnection }', PRODUCT),
        'ProductEdge',
      ),
    ).toHaveLength(1);
    expect(printed(derive('interface Shelf { products: ProductConnection! }', PRODUCT), 'ProductEdge')).toHaveLength(1);
  });

  test('is described in the words of its type', () => {
    const text = print(
      derive('type Query { all: WebhookDeliveryConnection }', 'type WebhookDelivery @public { id: ID! }'),
    );
    expect(text).toContain('A page of webhook deliveries.');
    expect(text).toContain('One webhook delivery of a page, with its cursor.');
  });

  test('has the fields that the room adds to it', () => {
    const sdl = derive(PRODUCTS, PRODUCT, 'extend type ProductConnection { cheapest: Product }');
    expect(sdl.definitions.map(({ kind }) => kind)).toContain(Kind.OBJECT_TYPE_EXTENSION);
    expect(printed(sdl, 'ProductConnection')).toHaveLength(2);
  });
});

test('a connection or an edge that the room defines stays as it is', () => {
  const own = 'type ProductConnection @authenticated { nodes: [Product!]! }';
  expect(print(derive(PRODUCTS, PRODUCT, own))).toBe(print(parse([PRODUCTS, PRODUCT, own].join('\n'))));
  const edge = 'type ProductEdge @public { node: Product! cursor: String! rank: Int! }';
  const sdl = derive(PRODUCTS, PRODUCT, edge);
  expect(printed(sdl, 'ProductEdge')).toEqual([print(parse(edge))]);
  expect(printed(sdl, 'ProductConnection')).toHaveLength(1);
});

test('a connection that all rooms share is not derived once more', () => {
  const listing = parse(PRODUCTS);
  expect(print(withConnections(listing, new Set(['ProductConnection'])))).toBe(print(listing));
  const decisions = typeDefsOf('type Query { decisions(first: Int, after: String): DecisionConnection @public }');
  expect(printed(decisions, 'DecisionConnection')).toHaveLength(1);
  expect(printed(decisions, 'DecisionEdge')).toHaveLength(1);
});

test("a connection of another room's entity is not derived, for it is that room's: the refusal says what to list", () => {
  const product = 'type Product @key(fields: "id", resolvable: false) @public { id: ID! }';
  expect(() => derive(PRODUCTS, product)).toThrow(
    "ProductConnection cannot be derived for Query.products: Product is another room's, and so is its connection. " +
      "List a type of this room's own that has a nullable Product.",
  );
  const hits = 'type Query { found: HitConnection } type Hit @public { product: Product }';
  expect(printed(derive(hits, product), 'HitConnection')).toHaveLength(1);
});

test('a type that is no list and is defined may have such a name', () => {
  const sdl = 'type Query { database: DatabaseConnection } type DatabaseConnection @public { host: String }';
  expect(print(derive(sdl))).toBe(print(parse(sdl)));
});

test.each([
  ['there is none', 'type Thing @public { id: ID! }'],
  ['it is an interface', 'interface Product { id: ID! }'],
  ['it is an enum', 'enum Product { ONE }'],
])('a connection that has nothing to list, because %s, is refused with the fields that name it', (_, other) => {
  expect(() => derive(PRODUCTS, 'extend type Query { newest: ProductConnection! }', other)).toThrow(
    'ProductConnection cannot be derived for Query.products, Query.newest: this room has no object type Product. ' +
      'Define Product, or write ProductConnection by hand.',
  );
});

describe('in a subgraph', () => {
  const typeDefs = typeDefsOf(`${PRODUCTS}\n${PRODUCT}\nextend type ProductConnection { cheapest: Product }`);
  const nodes = [{ id: 'product_1' }, { id: 'product_2' }];
  const subgraph = createSubgraph(
    'small',
    typeDefs,
    resolversOf(typeDefs, {
      Query: {
        products: () => ({
          nodes,
          totalCount: Promise.resolve(7),
          edges: nodes.map((node) => ({ node, cursor: node.id })),
        }),
      },
      ProductConnection: { cheapest: () => nodes[1] },
    }),
  );

  test('it is executed, its total is awaited, and its own fields are resolved', async () => {
    const query = '{ products { totalCount nodes { id } edges { cursor node { id } } cheapest { id } } }';
    const { data, errors } = await subgraph.execute({ query }, { actor: ANONYMOUS, correlationId: 'req_1' });
    expect(errors).toBeUndefined();
    expect(JSON.parse(JSON.stringify(data))).toEqual({
      products: {
        totalCount: 7,
        nodes,
        edges: [
          { cursor: 'product_1', node: nodes[0] },
          { cursor: 'product_2', node: nodes[1] },
        ],
        cheapest: nodes[1],
      },
    });
  });

  test('it has a decision, and the gateway is told of it', () => {
    const decisions = subgraphDecisions(typeDefs);
    expect(decisions.get('ProductConnection')).toEqual(decisions.get('Product'));
    expect(decisions.get('ProductEdge')).toEqual(decisions.get('Product'));
    expect(subgraph.sdl).toContain('type ProductEdge @public');
  });
});
