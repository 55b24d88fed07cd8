import { defineAgent } from '../../platform/agent/define-agent.ts';
import { variables } from './config.ts';
import { entities } from './entities.ts';
import { emits } from './events.ts';
import { notificationHandlers } from './handlers.ts';
import { mailHandlers } from './mail/handlers.ts';
import { sendMails } from './mail/send-mails.ts';
import { messageLoaders } from './loaders.ts';
import { messageQueries } from './queries.ts';
import { quietHoursOf } from './quiet-hours.ts';
import { notificationResolvers } from './resolvers.ts';
import { sendScheduled } from './send-scheduled.ts';
import { messageService } from './service.ts';

const KNOWN = 'Users know the name from before rooms declared their variables.';

export default defineAgent({
  name: 'notification',
  area: 'system',
  title: 'Notification',
  description:
    'Tells customers what happens to their orders, in an inbox of their own, and sends mails about accounts.',
  skills: [
    {
      id: 'notify-customer',
      name: 'Notify a customer',
      description: 'Writes messages about an order into the inbox of its buyer, each once.',
    },
    {
      id: 'mail-account',
      name: 'Mail about an account',
      description: 'Sends the mails that verify an e-mail address or set a new password.',
    },
  ],
  at: import.meta.url,
  entities,
  config: variables,
  configExceptions: { RECOVERY_URL: KNOWN, MAIL_DIR: KNOWN },
  emits,
  handlers: [...notificationHandlers, ...mailHandlers],
  // Safe, since a message is unique for its event.
  replayable: true,
  // A message is less urgent than a signal that a saga waits for, so events are gathered into larger batches.
  gatherMs: 100,
  build(agentContext) {
    const queries = messageQueries(agentContext.store.read);
    return {
      resolvers: notificationResolvers({
        queries,
        load: messageLoaders(queries),
        service: messageService(agentContext),
      }),
      handling: { ...agentContext, quietHours: quietHoursOf(agentContext.config) },
      scheduledJobs: [sendMails(agentContext), sendScheduled(agentContext)],
    };
  },
});
