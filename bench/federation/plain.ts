/** The shop as one plain schema, as a team without federation would write it. */
import type { GraphQLSchema } from 'graphql';
import { createSchema } from 'graphql-yoga';
import * as shop from './data.ts';

/** A schema that answers all that the five subgraphs answer together. */
export const plainSchema = (): GraphQLSchema =>
  createSchema({
    typeDefs: `
      enum Category { BOOKS TOYS FOOD }
      enum OrderStatus { PENDING PAID SHIPPED }
      type Query {
        product(id: ID!): Product
        products(first: Int = 10): [Product!]!
        customer(id: ID!): Customer
        order(id: ID!): Order
        orders(first: Int = 10): [Order!]!
      }
      type Product {
        id: ID! name: String! price: Int! weight: Int! category: Category!
        inStock: Int postage: Int stars: Int reviews: [Review!]
      }
      type Review { stars: Int! text: String! }
      type Customer { id: ID! name: String! email: String! }
      type Order { id: ID! status: OrderStatus! customer: Customer lines: [OrderLine!]! }
      type OrderLine { quantity: Int! product: Product }`,
    resolvers: {
      Query: {
        product: (_: unknown, { id }: { id: string }) => shop.productById(id),
        products: (_: unknown, { first }: { first: number }) => shop.products.slice(0, first),
        customer: (_: unknown, { id }: { id: string }) => shop.customerById(id),
        order: (_: unknown, { id }: { id: string }) => shop.orderById(id),
        orders: (_: unknown, { first }: { first: number }) => shop.orders.slice(0, first),
      },
      Product: {
        inStock: ({ id }: shop.Product) => shop.stockOf(id),
        postage: ({ weight }: shop.Product) => shop.postage(weight),
        stars: ({ id }: shop.Product) => shop.starsOf(id),
        reviews: ({ id }: shop.Product) => shop.reviewsOf(id),
      },
      Order: { customer: ({ customerId }: shop.Order) => shop.customerById(customerId) },
      OrderLine: { product: ({ productId }: { productId: string }) => shop.productById(productId) },
    },
  });
