/** The shop as five subgraphs. */
import { type DocumentNode, parse } from 'graphql';
import { createSubgraph, type Subgraph } from '../../platform/graphql/subgraph.ts';
import * as shop from './data.ts';

const IMPORTS = '"@key", "@external", "@requires", "@authenticated", "@composeDirective"';
const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [${IMPORTS}])\n`;
const PUBLIC = `extend schema @link(url: "https://agora.dev/spec/v1.0", import: ["@public"]) @composeDirective(name: "@public")
  directive @public on OBJECT | FIELD_DEFINITION\n`;

/**
 * Permission of everything: public; for signed-in users, which the gate must check for every object; or none, for
 * others' gateways.
 */
export type Decision = '@public' | '@authenticated' | '';

interface Part {
  name: string;
  sdl: string;
  resolvers: object;
}

const PARTS: readonly Part[] = [
  {
    name: 'product',
    sdl: `
      enum Category { BOOKS TOYS FOOD }
      type Query { product(id: ID!): Product @may  products(first: Int = 10): [Product!]! @may }
      type Product @key(fields: "id") @may { id: ID! name: String! price: Int! weight: Int! category: Category! }`,
    resolvers: {
      Query: {
        product: (_: unknown, { id }: { id: string }) => shop.productById(id),
        products: (_: unknown, { first }: { first: number }) => shop.products.slice(0, first),
      },
      Product: { __resolveReference: ({ id }: { id: string }) => ({ ...shop.productById(id) }) },
    },
  },
  {
    name: 'inventory',
    sdl: `
      type Product @key(fields: "id") @may { id: ID! weight: Int! @external  inStock: Int @stock  postage: Int @requires(fields: "weight") }`,
    resolvers: {
      Product: {
        __resolveReference: (reference: object) => ({ ...reference }),
        inStock: ({ id }: shop.Product) => shop.stockOf(id),
        postage: ({ weight }: shop.Product) => shop.postage(weight),
      },
    },
  },
  {
    name: 'review',
    sdl: `
      type Review @may { stars: Int! text: String! }
      type Product @key(fields: "id") @may { id: ID! stars: Int  reviews: [Review!] }`,
    resolvers: {
      Product: {
        __resolveReference: ({ id }: { id: string }) => ({ id }),
        stars: ({ id }: { id: string }) => shop.starsOf(id),
        reviews: ({ id }: { id: string }) => shop.reviewsOf(id),
      },
    },
  },
  {
    name: 'customer',
    sdl: `
      type Query { customer(id: ID!): Customer @may }
      type Customer @key(fields: "id") @may { id: ID! name: String! email: String! }`,
    resolvers: {
      Query: { customer: (_: unknown, { id }: { id: string }) => shop.customerById(id) },
      Customer: { __resolveReference: ({ id }: { id: string }) => ({ ...shop.customerById(id) }) },
    },
  },
  {
    name: 'order',
    sdl: `
      enum OrderStatus { PENDING PAID SHIPPED }
      type Query { order(id: ID!): Order @may  orders(first: Int = 10): [Order!]! @may }
      type Order @key(fields: "id") @may { id: ID! status: OrderStatus! customer: Customer lines: [OrderLine!]! }
      type OrderLine @may { quantity: Int! product: Product }
      type Product @key(fields: "id", resolvable: false) { id: ID! }
      type Customer @key(fields: "id", resolvable: false) { id: ID! }`,
    resolvers: {
      Query: {
        order: (_: unknown, { id }: { id: string }) => shop.orderById(id),
        orders: (_: unknown, { first }: { first: number }) => shop.orders.slice(0, first),
      },
      Order: {
        __resolveReference: ({ id }: { id: string }) => ({ ...shop.orderById(id) }),
        customer: ({ customerId }: shop.Order) => ({ id: customerId }),
      },
      OrderLine: { product: ({ productId }: { productId: string }) => ({ id: productId }) },
    },
  },
];

/** The shop's five subgraphs, with this decision everywhere, and another for the stock. */
export const partsOf = (decision: Decision, onStock: Decision = ''): Subgraph[] =>
  PARTS.map(({ name, sdl, resolvers }) => createSubgraph(name, typeDefs(sdl, decision, onStock), resolvers));

function typeDefs(sdl: string, decision: Decision, onStock: Decision): DocumentNode {
  const decided = sdl
    .replaceAll(/ ?@may\b/g, decision && ` ${decision}`)
    .replaceAll(/ ?@stock\b/g, onStock && ` ${onStock}`);
  return parse(LINK + (decision === '@public' ? PUBLIC : '') + decided);
}
