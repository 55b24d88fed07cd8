import { ask } from './agora.ts';
import type { BrowseQuery } from './gql/graphql.ts';
import { graphql } from './gql/index.ts';

// One query, three agents: names come from product, prices from pricing, availability from inventory.
const Browse = graphql(/* GraphQL */ `
  query Browse($currency: CurrencyCode!, $after: String) {
    products(first: 20, after: $after) {
      nodes {
        name
        variants {
          id
          sku
          name
          price(currency: $currency) {
            amount
            currency
          }
          availability {
            available
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

/** The first variant that has a price in this currency and is in stock. @throws Error if there is none */
export async function findSomething(currency: string) {
  let after: string | null = null;
  do {
    const { products }: BrowseQuery = await ask(Browse, { currency, after });
    for (const product of products?.nodes ?? []) {
      for (const { price, availability, ...variant } of product.variants) {
        // A field is null where there is no value, or where the agent that owns it is away.
        if (price && availability && availability.available > 0) {
          return { ...variant, product: product.name, price, available: availability.available };
        }
      }
    }
    after = products?.pageInfo.hasNextPage ? products.pageInfo.endCursor : null;
  } while (after);
  throw new Error(`Nothing is for sale in ${currency}.`);
}
