/** Users with what only this room may know of them. */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import type { Work } from '../../platform/store/store.ts';
import { accepted } from '../../platform/commands/ask.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { createCustomer } from './commands/customer.generated.ts';
import type { Tables } from './entities.ts';
import { isPassword } from './passwords/password.ts';
import { USER, type UserRow } from './queries.ts';

/** A user with what only this room may know. Who signed up by a provider may have no password. */
export type Credentials = UserRow & { password_hash: string | null; customer_made: boolean };

/** The columns of {@link Credentials}. */
export const CREDENTIALS = [...USER, 'password_hash', 'customer_made'] as const;

export const accountsOf = ({ store, ask }: Pick<AgentContext<Tables>, 'store' | 'ask'>) => ({
  find: (column: 'id' | 'email_key', value: string, sql = store.read): Promise<Credentials | undefined> =>
    sql.selectFrom('account').select(CREDENTIALS).where(column, '=', value).executeTakeFirst(),

  /**
   * Whether a password that was right is so still, within a transaction that holds the lock of its account. It may only
   * have been hashed anew; that is seldom, so the lock may be held while it is compared.
   */
  async isStillPassword({ sql }: Work<Tables>, { id, password_hash }: Credentials, password: string): Promise<boolean> {
    const account = sql.selectFrom('account').select('password_hash').where('id', '=', id);
    const now = (await account.executeTakeFirstOrThrow()).password_hash;
    return now === password_hash || isPassword(now, password);
  },

  /** The customer agent may have been away when the user signed up: asked until it has said yes, and never again. */
  async ensureCustomer(user: Credentials, context: RequestContext): Promise<void> {
    if (user.customer_made || !user.customer_id) return;
    const input = { id: user.customer_id, userId: user.id, name: user.name, email: user.email };
    accepted((await ask(createCustomer, { input }, { within: context })).createCustomer);
    await store.write({ locks: [user.id], origin: context }, ({ sql }) =>
      sql.updateTable('account').set({ customer_made: true }).where('id', '=', user.id).execute(),
    );
  },
});

export type Accounts = ReturnType<typeof accountsOf>;
