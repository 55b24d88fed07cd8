import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { matches } from '../../platform/data/row-filter.ts';
import { refuse } from '../../platform/errors.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { ownMessages } from './access.ts';
import { Message, type Tables } from './entities.ts';

export const messageService = ({ store, clock }: AgentContext<Tables>) => ({
  /** Marks a message as read; one that is stays as it is. @throws Refusal NOT_FOUND */
  markRead: (id: string, context: RequestContext): Promise<string> =>
    store.write({ locks: [id], origin: context }, async ({ em }) => {
      const message = await em.findOne(Message, { id });
      if (!message || !matches({ customer_id: message.customerId }, ownMessages(context.actor))) {
        throw refuse('NOT_FOUND', 'There is no such message, or it is not yours.', ['input', 'messageId']);
      }
      message.readAt ??= clock.now();
      return id;
    }),
});

export type MessageService = ReturnType<typeof messageService>;
