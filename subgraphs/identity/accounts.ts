/** Users with what only this room may know of them. */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { columnsOf } from '../../platform/data/entity-table.ts';
import type { Work } from '../../platform/store/store.ts';
import { accepted } from '../../platform/commands/ask.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { createCustomer } from './commands/customer.generated.ts';
import { type AccountRow, AccountSchema, type Tables } from './entities.ts';
import { isPassword } from './passwords/password.ts';

export const accountsOf = ({ store, ask }: Pick<AgentContext<Tables>, 'store' | 'ask'>) => ({
  /** Outside of any transaction; within one it is `findIfAny`. */
  find: (column: 'id' | 'emailKey', value: string): Promise<AccountRow | undefined> =>
    store.read.selectFrom('account').select(columnsOf(AccountSchema)).where(column, '=', value).executeTakeFirst(),

  /**
   * Whether a password that was right is so still, within a transaction that holds the lock of its account. It may only
   * have been hashed anew; that is seldom, so the lock may be held while it is compared.
   */
  async isStillPassword(work: Work<Tables>, { id, passwordHash }: AccountRow, password: string): Promise<boolean> {
    const now = (await work.findIfAny(AccountSchema, id))!.passwordHash;
    return now === passwordHash || isPassword(now, password);
  },

  /** The customer agent may have been away when the user signed up: asked until it has said yes, and never again. */
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
