import { defineAgent } from '../../platform/agent/define-agent.ts';
import { createOutbound } from '../../platform/outbound/outbound.ts';
import { variables } from './config.ts';
import { emits, endpointDisabled } from './events.ts';
import { integrationLoaders } from './loaders.ts';
import { integrationQueries } from './queries.ts';
import { integrationResolvers } from './resolvers.ts';
import { integrationService } from './service.ts';

export default defineAgent({
  name: 'integration',
  area: 'system',
  title: 'Integration',
  description:
    'Connects Agora with other systems. So far it sends them what happens, as signed webhooks; connectors to shop systems and the mapping of fields come later.',
  skills: [
    {
      id: 'send-webhooks',
      name: 'Send webhooks',
      description:
        'Sends events to the endpoints of merchants and of the house: signed, retried, in order, and again from any place.',
    },
  ],
  at: import.meta.url,
  // Its tables are those of outbound webhooks, which the platform brings.
  entities: [],
  outbound: true,
  config: variables,
  grants: { MERCHANT: ['write'] },
  emits,
  // Safe, since an event is recorded once for an endpoint.
  replayable: true,
  // Half a second more matters to no receiver, and every event is its.
  gatherMs: 500,
  build(agentContext) {
    const { config } = agentContext;
    const outbound = createOutbound(agentContext, {
      agent: 'integration',
      disabled: endpointDisabled,
      allowed: { loopback: config.NODE_ENV !== 'production', networks: config.INTEGRATION_WEBHOOK_NETWORKS },
      failingDays: config.INTEGRATION_WEBHOOK_FAILING_DAYS,
      keptDays: config.INTEGRATION_WEBHOOK_RETENTION_DAYS,
    });
    const queries = integrationQueries(outbound);
    return {
      resolvers: integrationResolvers({
        queries,
        load: integrationLoaders(queries),
        service: integrationService(outbound),
        types: outbound.types,
      }),
      moreHandlers: outbound.handlers,
      backgroundTasks: outbound.backgroundTasks,
      scheduledJobs: outbound.scheduledJobs,
    };
  },
});
