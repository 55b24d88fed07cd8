import type { GraphiqlTab } from './graphiql.ts';

const BROWSE = `# Browse: products with price and availability, joined from three agents.
query Browse {
  products(first: 20) {
    nodes {
      id
      name
      variants {
        id
        sku
        price(currency: "EUR") { amount currency }
        availability { available }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

const SIGN_IN = `# Sign in, then put "Bearer <accessToken>" as authorization into the Headers editor of the next tabs.
mutation SignIn($input: SignInInput!) {
  signIn(input: $input) {
    accessToken
    expiresAt
    user { id email }
    userErrors { code message }
  }
}`;

const PLACE_ORDER = `# Place an order. Take a variant's id from the first tab.
mutation PlaceOrder($input: PlaceOrderInput!) {
  placeOrder(input: $input) {
    order { id number status total { amount currency } }
    userErrors { code message path }
  }
}`;

const WATCH = `# Watch orders change: run this, then place an order in the other tab.
subscription Watch {
  orderUpdated {
    cursor
    type
    status
    occurredAt
    order {
      number
      customer { name }
      lines { quantity variant { sku product { name } } }
      payments { status amount { amount currency } }
    }
  }
}`;

const ORDER = {
  lines: [{ variantId: '<a variant of the first tab>', quantity: 1 }],
  currency: 'EUR',
  shippingAddress: { name: 'Ada Example', line1: '1 Market Street', city: 'Paris', postcode: '75001', country: 'FR' },
  payment: { token: 'tok_ok' },
  idempotencyKey: 'my-first-order',
};

const json = (value: unknown): string => JSON.stringify(value, null, 2);

/** A first order, tab by tab: browse, sign in, place an order, watch it. */
export const GRAPHIQL_TABS: readonly GraphiqlTab[] = [
  { query: BROWSE },
  { query: SIGN_IN, variables: json({ input: { email: 'customer@agora.test', password: 'agora-demo' } }) },
  { query: PLACE_ORDER, variables: json({ input: ORDER }) },
  { query: WATCH },
];
