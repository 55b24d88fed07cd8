/** The demo's accounts: `admin@agora.test` and its siblings, all with the demo's password. */
import { demoWorld } from '../../platform/agent/demo.ts';
import type { Store } from '../../platform/store/store.ts';
import type { Tables, Role } from './entities.ts';
import { hashPassword } from './passwords/password.ts';

const OPENED = new Date('2025-01-01T09:00:00Z');

type DemoAccount = (typeof demoWorld.accounts)[number];

const PEOPLE: Record<DemoAccount, { name: string; role: Role }> = {
  admin: { name: 'Adrian Demo', role: 'ADMIN' },
  operator: { name: 'Olga Demo', role: 'OPERATOR' },
  analyst: { name: 'Anil Demo', role: 'ANALYST' },
  viewer: { name: 'Vera Demo', role: 'VIEWER' },
  merchant: { name: 'Marco Demo', role: 'MERCHANT' },
  customer: { name: 'Clara Demo', role: 'CUSTOMER' },
};

export const identityDemo = (store: Store<Tables>) => async (): Promise<void> => {
  // One hash for all: hashing is slow on purpose, and their password is public.
  const passwordHash = await hashPassword(demoWorld.password);
  const rows = demoWorld.accounts.map((account) => accountRow(account, passwordHash));
  await store.write({ locks: [], origin: {} }, ({ sql }) =>
    sql
      .insertInto('account')
      .values(rows)
      .onConflict((on) => on.doNothing())
      .execute(),
  );
};

function accountRow(account: DemoAccount, passwordHash: string) {
  const { name, role } = PEOPLE[account];
  const email = `${account}@agora.test`;
  const isCustomer = role === 'CUSTOMER';
  return {
    id: demoWorld.userId(account),
    email,
    emailKey: email,
    name,
    passwordHash,
    roles: [role],
    customerId: isCustomer ? demoWorld.customerId(0) : null,
    customerMade: isCustomer, // The customer agent's own demo makes their customers.
    merchantId: role === 'MERCHANT' ? demoWorld.merchantId : null,
    emailVerifiedAt: OPENED,
    createdAt: OPENED,
    updatedAt: OPENED,
  };
}
