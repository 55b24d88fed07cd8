/** The identities that users have at providers, inside transactions. */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { Work } from '../../../platform/store/store.ts';
import { refuse } from '../../../platform/errors.ts';
import { newId } from '../../../platform/ids.ts';
import { isShutOut } from '../sessions/secure-account.ts';
import type { Tables } from '../entities.ts';
import type { ProviderAttempts } from './attempts.ts';
import type { CameBack } from './callback.ts';
import type { Vouched } from './domain.ts';
import { LinkedIdentitySchema } from './entities.ts';

/** The lock for giving an identity to a user. */
export const lockOfIdentity = ({ issuer, subject }: Vouched): string => `identity:${issuer} ${subject}`;

/** Removes all identities of a user, within a transaction that holds the user's lock. Returns them. */
export const removeIdentities = ({ sql }: Work<Tables>, userId: string): Promise<{ id: string; provider: string }[]> =>
  sql.deleteFrom('linked_identity').where('userId', '=', userId).returning(['id', 'provider']).execute();

export const linkedIdentities = (
  { store, clock }: Pick<AgentContext<Tables>, 'store' | 'clock'>,
  attempts: Pick<ProviderAttempts, 'finish'>,
) => ({
  /** The owner of the identity that a provider vouches for. It is never found by an e-mail address. */
  find: ({ issuer, subject }: Vouched, sql = store.read) =>
    sql
      .selectFrom('linked_identity')
      .select(['id', 'userId'])
      .where('issuer', '=', issuer)
      .where('subject', '=', subject)
      .executeTakeFirst(),

  /** The user of an identity. */
  owner: async (id: string): Promise<string | undefined> =>
    (await store.read.selectFrom('linked_identity').select('userId').where('id', '=', id).executeTakeFirst())?.userId,

  /** All identities of a user, within a transaction that holds the user's lock. */
  of: ({ sql }: Work<Tables>, userId: string) =>
    sql.selectFrom('linked_identity').select(['id', 'provider']).where('userId', '=', userId).execute(),

  /** Gives an identity to a user, in a transaction that holds its lock, ends the attempt, and returns its id. */
  async add(
    work: Work<Tables>,
    userId: string,
    { vouched, provider, attempt }: CameBack,
    callbackUrl: string,
  ): Promise<string> {
    const [id, now] = [newId('identity'), clock.now()];
    const { issuer, subject, email = null } = vouched;
    const row = { id, userId, provider: provider.id, issuer, subject, email };
    await work.insert(LinkedIdentitySchema, { ...row, linkedAt: now, lastUsedAt: now });
    await attempts.finish(work, attempt, callbackUrl, id);
    return id;
  },

  /**
   * Checks that it was not unlinked, nor its account secured, since the attempt began.
   * @throws Refusal INVALID_SIGN_IN_ATTEMPT
   */
  async require({ sql }: Work<Tables>, id: string, begun: Date): Promise<void> {
    const account = await sql
      .selectFrom('linked_identity')
      .innerJoin('account', 'account.id', 'linked_identity.userId')
      .select('securedAt')
      .where('linked_identity.id', '=', id)
      .executeTakeFirst();
    if (!account)
      throw refuse('INVALID_SIGN_IN_ATTEMPT', 'This identity was just unlinked: sign in another way.', ['input']);
    if (isShutOut(begun, account))
      throw refuse('INVALID_SIGN_IN_ATTEMPT', 'The account was secured since: begin anew.', ['input']);
  },

  /** Records its use, and ends the attempt. @throws as `require` */
  async use(work: Work<Tables>, id: string, { vouched, attempt }: CameBack, callbackUrl: string): Promise<void> {
    await this.require(work, id, attempt.begun);
    await work.sql
      .updateTable('linked_identity')
      .set({ lastUsedAt: clock.now(), email: vouched.email ?? null })
      .where('id', '=', id)
      .execute();
    await attempts.finish(work, attempt, callbackUrl, id);
  },
});

export type LinkedIdentities = ReturnType<typeof linkedIdentities>;
