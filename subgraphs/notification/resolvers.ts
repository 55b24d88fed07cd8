import { payload } from '../../platform/graphql/payload.ts';
import { ownMessages, readableMessages } from './access.ts';
import { write } from './domain.ts';
import { matches } from '../../platform/data/row-filter.ts';
import type { MessageLoaders } from './loaders.ts';
import type { MessageQueries } from './queries.ts';
import type { Resolvers } from './resolvers.generated.ts';
import type { MessageService } from './service.ts';

/** The parts that the resolvers call. */
interface Parts {
  queries: MessageQueries;
  load: MessageLoaders;
  service: MessageService;
}

export const notificationResolvers = ({ queries, load, service }: Parts): Resolvers => ({
  Query: {
    inbox: (_, { filter, ...page }, { actor }) => queries.page(filter ?? {}, page, ownMessages(actor)),
    scheduledMessages: (_, page) => queries.scheduled(page),
  },

  Mutation: {
    markMessageRead: (_, { input }, context) =>
      payload(async () => {
        const id = await service.markRead(input.messageId, context);
        return { message: await load.message(context).load(id) };
      }),
  },

  Message: {
    __resolveReference: ({ id }, context) => load.message(context).load(id),
    type: (message) => message.template,
    subject: (message) => write(message).subject,
    text: (message) => write(message).text,
    order: (message) => ({ __typename: 'Order', id: message.orderId }),
  },

  Customer: {
    __resolveReference: ({ id }) => ({ id }),
    unreadMessages: async (customer, _, context) => {
      if (!matches({ customerId: customer.id }, readableMessages(context.actor))) return null;
      return (await load.unreadOf(context).load(customer.id))?.unread ?? 0;
    },
  },
});
