/* eslint-disable */
import * as types from './graphql.ts';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query Browse($currency: CurrencyCode!, $after: String) {\n    products(first: 20, after: $after) {\n      nodes {\n        name\n        variants {\n          id\n          sku\n          name\n          price(currency: $currency) {\n            amount\n            currency\n          }\n          availability {\n            available\n          }\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": typeof types.BrowseDocument,
    "\n  mutation PlaceOrder($input: PlaceOrderInput!) {\n    placeOrder(input: $input) {\n      order {\n        id\n        number\n        total {\n          amount\n          currency\n        }\n      }\n      userErrors {\n        message\n      }\n    }\n  }\n": typeof types.PlaceOrderDocument,
    "\n  mutation SignIn($input: SignInInput!) {\n    signIn(input: $input) {\n      accessToken\n      refreshToken\n      expiresAt\n      userErrors {\n        message\n      }\n    }\n  }\n": typeof types.SignInDocument,
    "\n  mutation Refresh($input: RefreshSessionInput!) {\n    refreshSession(input: $input) {\n      accessToken\n      refreshToken\n      expiresAt\n      userErrors {\n        message\n      }\n    }\n  }\n": typeof types.RefreshDocument,
    "\n  subscription WatchOrder($orderId: ID!, $after: String) {\n    orderUpdated(orderId: $orderId, after: $after) {\n      cursor\n      type\n      status\n      occurredAt\n      order {\n        cancellationReason\n        payments {\n          status\n          amount {\n            amount\n            currency\n          }\n        }\n      }\n    }\n  }\n": typeof types.WatchOrderDocument,
};
const documents: Documents = {
    "\n  query Browse($currency: CurrencyCode!, $after: String) {\n    products(first: 20, after: $after) {\n      nodes {\n        name\n        variants {\n          id\n          sku\n          name\n          price(currency: $currency) {\n            amount\n            currency\n          }\n          availability {\n            available\n          }\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": types.BrowseDocument,
    "\n  mutation PlaceOrder($input: PlaceOrderInput!) {\n    placeOrder(input: $input) {\n      order {\n        id\n        number\n        total {\n          amount\n          currency\n        }\n      }\n      userErrors {\n        message\n      }\n    }\n  }\n": types.PlaceOrderDocument,
    "\n  mutation SignIn($input: SignInInput!) {\n    signIn(input: $input) {\n      accessToken\n      refreshToken\n      expiresAt\n      userErrors {\n        message\n      }\n    }\n  }\n": types.SignInDocument,
    "\n  mutation Refresh($input: RefreshSessionInput!) {\n    refreshSession(input: $input) {\n      accessToken\n      refreshToken\n      expiresAt\n      userErrors {\n        message\n      }\n    }\n  }\n": types.RefreshDocument,
    "\n  subscription WatchOrder($orderId: ID!, $after: String) {\n    orderUpdated(orderId: $orderId, after: $after) {\n      cursor\n      type\n      status\n      occurredAt\n      order {\n        cancellationReason\n        payments {\n          status\n          amount {\n            amount\n            currency\n          }\n        }\n      }\n    }\n  }\n": types.WatchOrderDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Browse($currency: CurrencyCode!, $after: String) {\n    products(first: 20, after: $after) {\n      nodes {\n        name\n        variants {\n          id\n          sku\n          name\n          price(currency: $currency) {\n            amount\n            currency\n          }\n          availability {\n            available\n          }\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"): typeof import('./graphql.ts').BrowseDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation PlaceOrder($input: PlaceOrderInput!) {\n    placeOrder(input: $input) {\n      order {\n        id\n        number\n        total {\n          amount\n          currency\n        }\n      }\n      userErrors {\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.ts').PlaceOrderDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SignIn($input: SignInInput!) {\n    signIn(input: $input) {\n      accessToken\n      refreshToken\n      expiresAt\n      userErrors {\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.ts').SignInDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Refresh($input: RefreshSessionInput!) {\n    refreshSession(input: $input) {\n      accessToken\n      refreshToken\n      expiresAt\n      userErrors {\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.ts').RefreshDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription WatchOrder($orderId: ID!, $after: String) {\n    orderUpdated(orderId: $orderId, after: $after) {\n      cursor\n      type\n      status\n      occurredAt\n      order {\n        cancellationReason\n        payments {\n          status\n          amount {\n            amount\n            currency\n          }\n        }\n      }\n    }\n  }\n"): typeof import('./graphql.ts').WatchOrderDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
