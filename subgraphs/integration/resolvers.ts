import type { RequestContext } from '../../platform/graphql/context.ts';
import { answering, payload } from '../../platform/graphql/payload.ts';
import type { EndpointWithSecret } from '../../platform/outbound/endpoints.ts';
import type { OfferedType } from '../../platform/outbound/event-types.ts';
import type { IntegrationLoaders } from './loaders.ts';
import type { IntegrationQueries } from './queries.ts';
import type { Resolvers } from './resolvers.generated.ts';
import type { IntegrationService } from './service.ts';

/** The most event types that are listed: there are those of the code. */
const MAX_TYPES = 1000;

/** The dependencies of the resolvers. */
interface Parts {
  queries: IntegrationQueries;
  load: IntegrationLoaders;
  service: IntegrationService;
  types: readonly OfferedType[];
}

export const integrationResolvers = ({ queries, load, service, types }: Parts): Resolvers => {
  const endpoint = answering('endpoint', load.endpoint);
  const delivery = answering('delivery', load.delivery);
  /** Answers with the endpoint and its new secret. */
  const withSecret =
    <Input>(act: (input: Input, context: RequestContext) => Promise<EndpointWithSecret>) =>
    (_: unknown, { input }: { input: Input }, context: RequestContext) =>
      payload(async () => {
        const { endpointId, secret } = await act(input, context);
        return { endpoint: await load.endpoint(context).load(endpointId), secret };
      });

  return {
    Query: {
      webhookEndpoint: (_, { id }, context) => load.endpoint(context).load(id),
      webhookEndpoints: (_, page, { actor }) => queries.endpoints(page, actor),
      webhookEventTypes: () => types.slice(0, MAX_TYPES),
      outboundDelivery: (_, { id }, context) => load.delivery(context).load(id),
      outboundDeliveries: (_, { filter, ...page }, { actor }) => queries.deliveries(filter ?? {}, page, actor),
    },

    Mutation: {
      createWebhookEndpoint: withSecret(service.create),
      updateWebhookEndpoint: endpoint(service.update),
      rotateWebhookSecret: withSecret(service.rotateSecret),
      enableWebhookEndpoint: endpoint(service.enable),
      disableWebhookEndpoint: endpoint(service.disable),
      deleteWebhookEndpoint: (_, { input }, context) =>
        payload(async () => ({ deletedId: await service.delete(input, context) })),
      sendTestWebhook: delivery(service.sendTest),
      redeliverWebhook: delivery(service.redeliver),
      replayWebhooks: endpoint(service.replay),
    },

    WebhookEndpoint: {
      __resolveReference: ({ id }, context) => load.endpoint(context).load(id),
      isReplaying: ({ replayAfter }) => replayAfter !== null,
    },

    OutboundDelivery: {
      __resolveReference: ({ id }, context) => load.delivery(context).load(id),
      endpoint: ({ endpointId }, _, context) => load.endpoint(context).load(endpointId),
      attempts: ({ id }, _, context) => load.attempts(context).load(id),
    },
  };
};
