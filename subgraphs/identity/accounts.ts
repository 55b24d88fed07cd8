/** Users with what only this room may know of them. */
import type { Ground } from '../../platform/agent/ground.ts';
import { accepted } from '../../platform/commands/ask.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { createCustomer } from './commands/customer.generated.ts';
import type { Tables } from './entities.ts';
import { USER, type UserRow } from './queries.ts';

/** A user with what only this room may know. Who signed up by a provider may have no password. */
export type Credentials = UserRow & { password_hash: string | null; customer_made: boolean };

/** The columns of {@link Credentials}. */
export const CREDENTIALS = [...USER, 'password_hash', 'customer_made'] as const;

export const accountsOf = ({ store, ask }: Pick<Ground<Tables>, 'store' | 'ask'>) => ({
  find: (column: 'id' | 'email_key', value: string, sql = store.read): Promise<Credentials | undefined> =>
    sql.selectFrom('account').select(CREDENTIALS).where(column, '=', value).executeTakeFirst(),

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
