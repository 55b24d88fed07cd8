/** Makes the first administrator of a shop, and another when no administrator can sign in any more. */
import { type Kysely, sql, type SqlBool } from 'kysely';
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { refuse } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { newId } from '../../../platform/ids.ts';
import { checkName } from '../../../platform/text/text.ts';
import { recorder } from '../audit/record.ts';
import { emailKey } from '../domain.ts';
import type { Tables } from '../entities.ts';
import { userRegistered } from '../events.ts';
import { hashPassword } from '../passwords/password.ts';
import { checkNewPassword } from '../passwords/policy.ts';

/** The lock for changes of the number of administrators. */
export const ADMINISTRATORS = 'identity:administrators';

/** A new administrator of the shop. */
export interface NewAdministrator {
  email: string;
  name: string;
  password: string;
  /** Whether to make one although there is an administrator. */
  isAnother?: boolean;
}

/** Whether an account has the role ADMIN, other than the excluded one. */
export async function hasAdministrator(db: Kysely<any>, but?: string): Promise<boolean> {
  const other = await db
    .withSchema('identity')
    .selectFrom('account')
    .select('id')
    .where(sql<SqlBool>`roles @> array['ADMIN']`)
    .where('id', '<>', but ?? '')
    // Forces the index of administrators, whatever PostgreSQL estimates of their number.
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  return other !== undefined;
}

export const administratorService = ({ store, clock }: Pick<AgentContext<Tables>, 'store' | 'clock'>) => {
  const record = recorder({ clock });

  return {
    /**
     * Makes an account with the role ADMIN alone: without a customer, which would have to be kept apart from the shop's
     * own. Its address stays unverified, as no one has shown that they read its mail. Of two concurrent calls one makes
     * the first administrator. An existing account is never promoted: whoever signed up with it knows its password.
     * @throws Refusal INVALID_INPUT, WEAK_PASSWORD, EMAIL_TAKEN, INVALID_STATE if there is an administrator already
     */
    async makeAdministrator(input: NewAdministrator, context: RequestContext): Promise<string> {
      const name = checkName(input.name, ['input', 'name']);
      checkNewPassword(input.password, { email: input.email, name });
      const passwordHash = await hashPassword(input.password);
      const id = newId('user');
      return store.write({ locks: [ADMINISTRATORS, id], origin: context }, async (work) => {
        const isThere = await hasAdministrator(work.sql);
        if (isThere && !input.isAnother)
          throw refuse('INVALID_STATE', 'There is an administrator already: sign in as one, and use `setUserRoles`.');
        const now = clock.now();
        const who = { id, email: input.email, emailKey: emailKey(input.email), name, passwordHash };
        const made = await work.sql
          .insertInto('account')
          .values({ ...who, roles: ['ADMIN'], createdAt: now, updatedAt: now })
          .onConflict((on) => on.column('emailKey').doNothing())
          .returning('id')
          .executeTakeFirst();
        if (!made)
          throw refuse(
            'EMAIL_TAKEN',
            'Somebody has signed up with this e-mail address, and their password would stay: name another address.',
            ['input', 'email'],
          );
        work.publish(userRegistered, { aggregateId: id, aggregateVersion: 1, payload: { userId: id } });
        await record(work, context, { action: 'ADMINISTRATOR_MADE', userId: id, details: { isAnother: isThere } });
        return id;
      });
    },
  };
};
