import { answering, payload } from '../../platform/graphql/payload.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import type { EndpointWithSecret } from '../../platform/outbound/endpoints.ts';
import type { Outbound } from '../../platform/outbound/outbound.ts';
import { ownerOfNew, readableEndpoints, writableEndpoints } from './access.ts';
import type { IntegrationLoaders } from './loaders.ts';
import type { Resolvers } from './resolvers.generated.ts';

/** The dependencies of the resolvers. */
interface Parts {
  outbound: Pick<Outbound, 'endpoints' | 'deliveries' | 'types'>;
  load: IntegrationLoaders;
}

export const integrationResolvers = ({ outbound: { endpoints, deliveries, types }, load }: Parts): Resolvers => {
  const mine = (context: RequestContext) => writableEndpoints(context.actor);
  const endpoint = answering('endpoint', load.endpoint);
  const delivery = answering('delivery', load.delivery);
  /** Answers with the endpoint and its new secret. */
  const withSecret = (made: () => Promise<EndpointWithSecret>, context: RequestContext) =>
    payload(async () => {
      const { endpointId, secret } = await made();
      return { endpoint: await load.endpoint(context).load(endpointId), secret };
    });

  return {
    Query: {
      webhookEndpoint: (_, { id }, context) => load.endpoint(context).load(id),
      webhookEndpoints: (_, page, { actor }) => endpoints.page(page, readableEndpoints(actor)),
      webhookEventTypes: () => [...types],
      outboundDelivery: (_, { id }, context) => load.delivery(context).load(id),
      outboundDeliveries: (_, { filter, ...page }, { actor }) =>
        deliveries.page(filter ?? {}, page, readableEndpoints(actor)),
    },

    Mutation: {
      createWebhookEndpoint: (_, { input: { merchantId, ...input } }, context) =>
        withSecret(async () => endpoints.create(input, ownerOfNew(context.actor, merchantId), context), context),
      updateWebhookEndpoint: endpoint((input, context) => endpoints.update(input, context, mine(context))),
      rotateWebhookSecret: (_, { input }, context) =>
        withSecret(() => endpoints.rotateSecret(input, context, mine(context)), context),
      enableWebhookEndpoint: endpoint(({ id }, context) => endpoints.setEnabled(id, true, context, mine(context))),
      disableWebhookEndpoint: endpoint(({ id }, context) => endpoints.setEnabled(id, false, context, mine(context))),
      deleteWebhookEndpoint: (_, { input: { id } }, context) =>
        payload(async () => {
          await endpoints.delete(id, context, mine(context));
          return { deletedId: id };
        }),
      sendTestWebhook: delivery((input, context) => endpoints.sendTest(input, context, mine(context))),
      redeliverWebhook: delivery((input, context) => deliveries.redeliver(input, context, mine(context))),
      replayWebhooks: endpoint((input, context) => endpoints.replay(input, context, mine(context))),
    },

    WebhookEndpoint: {
      __resolveReference: ({ id }, context) => load.endpoint(context).load(id),
      isReplaying: ({ replayAfter }) => replayAfter !== null,
    },

    OutboundDelivery: {
      __resolveReference: ({ id }, context) => load.delivery(context).load(id),
      endpoint: ({ endpointId }, _, context) => load.endpoint(context).load(endpointId),
      attempts: ({ id }, _, context) => deliveries.attemptsOf(context).load(id),
    },
  };
};
