/** The use cases of webhook endpoints: those of the platform, on the endpoints that the caller may change. */
import type { RequestContext } from '../../platform/graphql/context.ts';
import type { EndpointWithSecret } from '../../platform/outbound/endpoints.ts';
import type { Outbound } from '../../platform/outbound/outbound.ts';
import { ownerOfNew, writableEndpoints } from './access.ts';
import type {
  CreateWebhookEndpointInput,
  RedeliverWebhookInput,
  ReplayWebhooksInput,
  RotateWebhookSecretInput,
  SendTestWebhookInput,
  UpdateWebhookEndpointInput,
  WebhookEndpointInput,
} from './resolvers.generated.ts';

export const integrationService = ({ endpoints, deliveries }: Pick<Outbound, 'endpoints' | 'deliveries'>) => {
  const theirs = ({ actor }: RequestContext) => writableEndpoints(actor);
  return {
    /** @returns the new endpoint's id, with its secret */
    async create(
      { merchantId, ...input }: CreateWebhookEndpointInput,
      context: RequestContext,
    ): Promise<EndpointWithSecret> {
      return endpoints.create(input, ownerOfNew(context.actor, merchantId), context);
    },

    /** @returns the endpoint's id, as the other changes do */
    update: (input: UpdateWebhookEndpointInput, context: RequestContext): Promise<string> =>
      endpoints.update(input, context, theirs(context)),

    rotateSecret: (input: RotateWebhookSecretInput, context: RequestContext): Promise<EndpointWithSecret> =>
      endpoints.rotateSecret(input, context, theirs(context)),

    enable: ({ id }: WebhookEndpointInput, context: RequestContext): Promise<string> =>
      endpoints.setEnabled(id, true, context, theirs(context)),

    disable: ({ id }: WebhookEndpointInput, context: RequestContext): Promise<string> =>
      endpoints.setEnabled(id, false, context, theirs(context)),

    delete: ({ id }: WebhookEndpointInput, context: RequestContext): Promise<string> =>
      endpoints.delete(id, context, theirs(context)),

    replay: (input: ReplayWebhooksInput, context: RequestContext): Promise<string> =>
      endpoints.replay(input, context, theirs(context)),

    /** @returns the delivery's id */
    sendTest: (input: SendTestWebhookInput, context: RequestContext): Promise<string> =>
      endpoints.sendTest(input, context, theirs(context)),

    /** @returns the delivery's id */
    redeliver: (input: RedeliverWebhookInput, context: RequestContext): Promise<string> =>
      deliveries.redeliver(input, context, theirs(context)),
  };
};

export type IntegrationService = ReturnType<typeof integrationService>;
