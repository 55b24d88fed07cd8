/**
 * Rate limit of guesses. An attempt is counted as failed before the password is compared, and taken back if it is
 * right: so a thousand concurrent requests are not a thousand guesses. Unknown accounts are counted like those that
 * exist.
 */
import { sql, type SqlBool } from 'kysely';
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { Origin, Work } from '../../../platform/store/store.ts';
import { refuse } from '../../../platform/errors.ts';
import type { Client } from '../../../platform/graphql/context.ts';
import { networkOf } from '../../../platform/http/network-of.ts';
import { emailKey } from '../domain.ts';
import type { Tables } from '../entities.ts';
import { afterFailure, blockedUntil, OF_ACCOUNT, OF_ADDRESS, type Patience } from './backoff.ts';

/** A counted attempt: the keys that its success takes back. */
export interface Attempt {
  account: string;
  address: string | undefined;
}

/** Days for which an address stays known: there strangers elsewhere do not lock the owner out. */
const KNOWN_DAYS = 30;

const tooMany = (until: Date) =>
  refuse('TOO_MANY_ATTEMPTS', `Too many attempts failed: try again after ${until.toISOString()}.`, ['input'], {
    __typename: 'TooManyAttempts',
    retryAt: until,
  });

export const attemptsOf = ({ store, clock, secrets }: Pick<AgentContext<Tables>, 'store' | 'clock' | 'secrets'>) => {
  const addressKey = (client: Client | undefined): string | undefined =>
    client?.address && secrets.pseudonym(networkOf(client.address), 'identity.address');

  /** The key of an account's counter. Attempts from a known address of the owner are counted apart. */
  const accountKey = async (what: string, owner: string, address: string | undefined, now: Date): Promise<string> => {
    const since = new Date(now.getTime() - KNOWN_DAYS * 86_400_000);
    const known = await store.read
      .selectFrom('session')
      .innerJoin('account', 'account.id', 'session.userId')
      .select('session.id')
      .where('emailKey', '=', owner)
      .where('addressKey', '=', address ?? '')
      .where('startedAt', '>', since)
      .limit(1)
      .executeTakeFirst();
    const account = secrets.pseudonym(what, 'identity.sign-in');
    return known ? `account:${account}:${address}` : `account:${account}`;
  };

  const count = async ({ sql }: Work<Tables>, key: string, patience: Patience, now: Date): Promise<void> => {
    const before = await sql
      .selectFrom('sign_in_attempts')
      .select(['failures', 'lastAt', 'blockedUntil'])
      .where('key', '=', key)
      .executeTakeFirst();
    const until = blockedUntil(before, now);
    if (until) throw tooMany(until);
    const after = afterFailure(before, patience, now);
    await sql
      .insertInto('sign_in_attempts')
      .values({ key, ...after })
      .onConflict((on) => on.column('key').doUpdateSet(after))
      .execute();
  };

  return {
    addressKey,

    /**
     * Counts an attempt on a target: an account's password, by the e-mail address in lower case, or another secret,
     * which is counted apart and names its owner.
     * @throws Refusal TOO_MANY_ATTEMPTS, with the time at which it may be tried again
     */
    async begin(what: string, context: { client?: Client } & Origin, owner = what): Promise<Attempt> {
      const now = clock.now();
      const from = addressKey(context.client);
      const address = from && `address:${from}`;
      const account = await accountKey(what, owner, from, now);
      await store.write({ locks: [account, ...(address ? [address] : [])], origin: context }, async (work) => {
        await count(work, account, OF_ACCOUNT, now);
        if (address) await count(work, address, OF_ADDRESS, now);
      });
      return { account, address };
    },

    /** Resets the counters of an account for all addresses, after a new password was set by mail. */
    async forget({ sql: db }: Work<Tables>, email: string): Promise<void> {
      const account = `account:${secrets.pseudonym(emailKey(email), 'identity.sign-in')}`;
      await db.deleteFrom('sign_in_attempts').where(sql<SqlBool>`starts_with(key, ${account})`).execute();
    },

    /**
     * After a success: resets the account, but takes only one failure off the address, or a thief's own account would
     * free it.
     */
    async takeBack({ sql }: Work<Tables>, { account, address }: Attempt): Promise<void> {
      await sql.deleteFrom('sign_in_attempts').where('key', '=', account).execute();
      if (!address) return;
      await sql
        .updateTable('sign_in_attempts')
        .set((eb) => ({ failures: eb.fn('greatest', [eb('failures', '-', 1), eb.lit(0)]), blockedUntil: null }))
        .where('key', '=', address)
        .execute();
    },
  };
};

export type SignInAttempts = ReturnType<typeof attemptsOf>;
