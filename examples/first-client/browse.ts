import { graphql } from './gql/index.ts';

/** What is for sale. */
export const Browse = graphql(/* GraphQL */ `
  query Browse($first: Int!) {
    products(first: $first) {
      nodes {
        id
        name
        variants {
          id
          sku
        }
      }
    }
  }
`);
