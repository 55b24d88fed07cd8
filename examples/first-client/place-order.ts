import { accepted, ask } from './agora.ts';
import { graphql } from './gql/index.ts';
import type { PlaceOrderInput } from './gql/graphql.ts';
import type { Headers } from './sign-in.ts';

const PlaceOrder = graphql(/* GraphQL */ `
  mutation PlaceOrder($input: PlaceOrderInput!) {
    placeOrder(input: $input) {
      order {
        id
        number
        total {
          amount
          currency
        }
      }
      userErrors {
        message
      }
    }
  }
`);

/**
 * Places an order. After a lost answer, ask again with the same `idempotencyKey`: it is the same order, never a second.
 * @throws Error with the reasons, if it is refused: nothing was written then
 */
export async function placeOrder(input: PlaceOrderInput, headers: Headers) {
  const { order } = accepted((await ask(PlaceOrder, { input }, headers)).placeOrder);
  return order!;
}
