/** Accounts: users with the fields that only this room may know. */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { columnsOf } from '../../platform/data/entity-table.ts';
import type { Work } from '../../platform/store/store.ts';
import { accepted } from '../../platform/commands/ask.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { createCustomer } from './commands/customer.generated.ts';
import { type AccountRow, AccountSchema, type Tables } from './entities.ts';
import { isPassword } from './passwords/password.ts';

export const accountsOf = ({ store, ask }: Pick<AgentContext<Tables>, 'store' | 'ask'>) => ({
  /** Finds an account outside of any transaction; within one use `findIfAny`. */
  find: (column: 'id' | 'emailKey', value: string): Promise<AccountRow | undefined> =>
    store.read.selectFrom('account').select(columnsOf(AccountSchema)).where(column, '=', value).executeTakeFirst(),

  /**
   * Whether a password that was right still is, within a transaction that holds the lock of its account. A different
   * hash may be a rehash of the same password; that is rare, so the lock may be held for the comparison.
   */
  async isStillPassword(work: Work<Tables>, { id, passwordHash }: AccountRow, password: string): Promise<boolean> {
    const now = (await work.findIfAny(AccountSchema, id))!.passwordHash;
    return now === passwordHash || isPassword(now, password);
  },

  /**
   * Creates the user's customer, unless that was done: the customer agent may have been away when the user signed up.
   */
  async ensureCustomer(user: AccountRow, context: RequestContext): Promise<void> {
    if (user.customerMade || !user.customerId) return;
    const input = { id: user.customerId, userId: user.id, name: user.name, email: user.email };
    accepted((await ask(createCustomer, { input }, { within: context })).createCustomer);
    await store.write({ locks: [user.id], origin: context }, ({ sql }) =>
      sql.updateTable('account').set({ customerMade: true }).where('id', '=', user.id).execute(),
    );
  },
});

export type Accounts = ReturnType<typeof accountsOf>;
