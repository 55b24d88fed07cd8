import { loadOne } from '../../platform/graphql/per-request.ts';
import type { IntegrationQueries } from './queries.ts';

/** Batched lookups by DataLoader: one statement for all the keys that a request asks for together. */
export const integrationLoaders = (queries: IntegrationQueries) => ({
  endpoint: loadOne(
    (ids, { actor }) => queries.endpointsByIds(ids, actor),
    (row) => row.id,
  ),
  delivery: loadOne(
    (ids, { actor }) => queries.deliveriesByIds(ids, actor),
    (row) => row.id,
  ),
  attempts: queries.attemptsOf,
});

export type IntegrationLoaders = ReturnType<typeof integrationLoaders>;
