import { loadOne } from '../../platform/graphql/per-request.ts';
import type { Outbound } from '../../platform/outbound/outbound.ts';
import { readableEndpoints } from './access.ts';

/** Batched lookups by DataLoader: one statement for all the keys that a request asks for together. */
export const integrationLoaders = ({ endpoints, deliveries }: Pick<Outbound, 'endpoints' | 'deliveries'>) => ({
  endpoint: loadOne(
    (ids, { actor }) => endpoints.byIds(ids, readableEndpoints(actor)),
    (row) => row.id,
  ),
  delivery: loadOne(
    (ids, { actor }) => deliveries.byIds(ids, readableEndpoints(actor)),
    (row) => row.id,
  ),
});

export type IntegrationLoaders = ReturnType<typeof integrationLoaders>;
