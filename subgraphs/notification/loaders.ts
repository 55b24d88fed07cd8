import { loadOne } from '../../platform/graphql/per-request.ts';
import { readableMessages } from './access.ts';
import type { MessageQueries } from './queries.ts';

/** Batched lookups: one statement for however many are asked for at once. */
export const messageLoaders = (queries: MessageQueries) => ({
  message: loadOne(
    (ids, { actor }) => queries.byIds(ids, readableMessages(actor)),
    (row) => row.id,
  ),
  unreadOf: loadOne(
    (customerIds, { actor }) => queries.unreadOf(customerIds, readableMessages(actor)),
    (row) => row.customerId,
  ),
});

export type MessageLoaders = ReturnType<typeof messageLoaders>;
