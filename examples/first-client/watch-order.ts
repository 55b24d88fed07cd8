import { follow } from './agora.ts';
import { graphql } from './gql/index.ts';

const WatchOrder = graphql(/* GraphQL */ `
  subscription WatchOrder($orderId: ID!, $after: String) {
    orderUpdated(orderId: $orderId, after: $after) {
      cursor
      type
      status
      occurredAt
      order {
        cancellationReason
        payments {
          status
          amount {
            amount
            currency
          }
        }
      }
    }
  }
`);

/** What happens to an order, from its first event on, as it happens. */
export async function* watchOrder(orderId: string, headers: { authorization: string }) {
  const updates = follow(WatchOrder, { orderId, after: null }, ({ orderUpdated }) => orderUpdated.cursor, headers);
  for await (const { orderUpdated } of updates) yield orderUpdated;
}
