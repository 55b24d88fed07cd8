/** The tabs that GraphiQL opens with: a first order from the catalogue to its last event. */
import { type GraphiqlTab, SIGNED_IN } from './graphiql.ts';

/** Values that fill the tabs where there is demo data. */
export interface FirstOrder {
  /** The buyer's address. */
  email: string;
  password: string;
  /** A variant in stock, with a price in euros. */
  variantId: string;
}

const BROWSE = `# 1. Browse: press the pink button, or Ctrl-Enter.
#    Products, their prices and what is in stock, joined
#    from three agents. No account is needed.
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
}
`;

const SIGN_IN = `# 2. Sign in. There is nothing to copy: where the other
#    tabs say {{accessToken}} under Headers, below, this
#    page puts the token of your last sign-in. Or write a
#    token of your own over it. When it has expired, or
#    the page was reloaded, sign in again.
mutation SignIn($input: SignInInput!) {
  signIn(input: $input) {
    accessToken
    expiresAt
    user { id email }
    userErrors { code message }
  }
}
`;

const PLACE_ORDER = `# 3. Place an order, signed in. Variables, below, say
#    what is ordered.
#    Run it twice, and there is still one order: the same
#    idempotencyKey answers with the same order, so that
#    a lost answer can be asked for again.
#    For another order, write another key.
#    Instead of tok_ok try tok_declined, a card that is
#    refused, or tok_slow, one that takes its time.
mutation PlaceOrder($input: PlaceOrderInput!) {
  placeOrder(input: $input) {
    order {
      id
      number
      status
      placedAt
      total { amount currency }
    }
    userErrors { code message path }
  }
}
`;

const WATCH = `# 4. Watch the order that you placed last, signed in:
#    first what happened to it so far, then live, over a
#    WebSocket. {{orderId}} is put in like the token;
#    without it, you watch all your orders from now on.
#    GraphiQL shows the last event only, and stops when
#    you go to another tab: to watch while you order,
#    open a second window.
subscription Watch($orderId: ID) {
  orderUpdated(orderId: $orderId) {
    cursor
    type
    status
    occurredAt
    order {
      number
      customer { name }
      lines { quantity variant { sku product { name } } }
      payments { status amount { amount currency } }
      timeline { type occurredAt }
    }
  }
}
`;

const PLACEHOLDERS: FirstOrder = {
  email: 'you@example.com',
  password: 'your password',
  variantId: 'the id of a variant',
};

/** The input of an order; first the values that one changes for another order. */
const orderOf = (variantId: string) => ({
  idempotencyKey: 'my-first-order',
  payment: { token: 'tok_ok' },
  lines: [{ variantId, quantity: 1 }],
  currency: 'EUR',
  shippingAddress: { name: 'Ada Example', line1: '1 rue de la Paix', city: 'Paris', postcode: '75002', country: 'FR' },
});

const json = (value: unknown): string => JSON.stringify(value, null, 2);
/** Headers of signing in: not the token of the last sign-in, after whose expiry no other could follow it. */
const ANONYMOUS = '{}';

/** Browse, sign in, place an order, watch it. Ready to run with a first order; without, they say what to fill in. */
export function graphiqlTabs({ email, password, variantId }: FirstOrder = PLACEHOLDERS): GraphiqlTab[] {
  return [
    { query: BROWSE, headers: SIGNED_IN },
    { query: SIGN_IN, variables: json({ input: { email, password } }), headers: ANONYMOUS },
    { query: PLACE_ORDER, variables: json({ input: orderOf(variantId) }), headers: SIGNED_IN },
    { query: WATCH, variables: json({ orderId: '{{orderId}}' }), headers: SIGNED_IN },
  ];
}
