/** The room's reads, each of the endpoints that the caller may see. */
import type { PageArgs } from '../../platform/graphql/connection.ts';
import type { Actor } from '../../platform/identity/actor.ts';
import type { Outbound } from '../../platform/outbound/outbound.ts';
import { readableEndpoints } from './access.ts';
import type { OutboundDeliveryFilter } from './resolvers.generated.ts';

export const integrationQueries = ({ endpoints, deliveries }: Pick<Outbound, 'endpoints' | 'deliveries'>) => ({
  endpoints: (page: PageArgs, actor: Actor) => endpoints.page(page, readableEndpoints(actor)),
  endpointsByIds: (ids: readonly string[], actor: Actor) => endpoints.byIds(ids, readableEndpoints(actor)),
  deliveries: (filter: OutboundDeliveryFilter, page: PageArgs, actor: Actor) =>
    deliveries.page(filter, page, readableEndpoints(actor)),
  deliveriesByIds: (ids: readonly string[], actor: Actor) => deliveries.byIds(ids, readableEndpoints(actor)),
  /** The attempts of a delivery that the caller has read. */
  attemptsOf: deliveries.attemptsOf,
});

export type IntegrationQueries = ReturnType<typeof integrationQueries>;
