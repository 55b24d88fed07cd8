import { loadOne } from '../../platform/graphql/per-request.ts';
import { readableUsers } from './access.ts';
import type { IdentityQueries } from './queries.ts';

/** Batched lookups: one statement for however many are asked for at once. */
export const identityLoaders = (queries: IdentityQueries) => ({
  user: loadOne(
    (ids, { actor }) => queries.byIds(ids, readableUsers(actor)),
    (row) => row.id,
  ),
});

export type IdentityLoaders = ReturnType<typeof identityLoaders>;
