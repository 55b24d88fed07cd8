import type { Kysely } from 'kysely';
import type { Tables } from '../entities.ts';

/** An identity as its owner reads it. */
export interface LinkedIdentityRow {
  id: string;
  user_id: string;
  provider: string;
  email: string | null;
  linked_at: Date;
  last_used_at: Date;
}

/** The columns of an identity that its owner reads. */
export const IDENTITY = ['id', 'user_id', 'provider', 'email', 'linked_at', 'last_used_at'] as const;

export const providerQueries = (db: Kysely<Tables>) => ({
  /** Those of users, the first linked first. No user has more than MAX_IDENTITIES. */
  ofUsers: (userIds: readonly string[]): Promise<LinkedIdentityRow[]> =>
    db
      .selectFrom('linked_identity')
      .select(IDENTITY)
      .where('user_id', 'in', [...userIds])
      .orderBy('linked_at')
      .orderBy('id')
      .execute(),
});
