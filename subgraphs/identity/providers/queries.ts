import type { Kysely } from 'kysely';
import { columnsOf } from '../../../platform/data/entity-table.ts';
import type { Tables } from '../entities.ts';
import { type LinkedIdentityRow, LinkedIdentitySchema } from './entities.ts';

export const providerQueries = (db: Kysely<Tables>) => ({
  /** Identities of users, the first linked first. No user has more than MAX_IDENTITIES. */
  ofUsers: (userIds: readonly string[]): Promise<LinkedIdentityRow[]> =>
    db
      .selectFrom('linked_identity')
      .select(columnsOf(LinkedIdentitySchema))
      .where('userId', 'in', [...userIds])
      .orderBy('linkedAt')
      .orderBy('id')
      .execute(),
});
