import { follow } from './agora.ts';
import { graphql } from './gql/index.ts';
import type { Session } from './sign-in.ts';

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

/** The updates of an order, live, from its first event on. */
export async function* watchOrder(orderId: string, session: Session) {
  const updates = follow(WatchOrder, { orderId, after: null }, ({ orderUpdated }) => orderUpdated.cursor, session);
  for await (const { orderUpdated } of updates) yield orderUpdated;
}
