import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { refuse } from '../../platform/errors.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { ownMessages } from './access.ts';
import { MessageSchema, type Tables } from './entities.ts';

export const messageService = ({ store, clock }: AgentContext<Tables>) => ({
  /** Marks a message as read; one that is read already stays as it is. @throws Refusal NOT_FOUND */
  markRead: (id: string, context: RequestContext): Promise<string> =>
    store.write({ locks: [id], origin: context }, async ({ find, save }) => {
      const path = ['input', 'messageId'];
      const message = await find(MessageSchema, id, { rows: ownMessages(context.actor), path });
      if (message.scheduledFor !== null)
        throw refuse('NOT_FOUND', 'There is no such message, or it is not yours.', path);
      if (message.readAt === null) await save(MessageSchema, message, { readAt: clock.now() });
      return id;
    }),
});

export type MessageService = ReturnType<typeof messageService>;
