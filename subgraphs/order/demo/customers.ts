import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { demoWorld } from '../../../platform/agent/demo.ts';
import type { Address } from '../../../platform/graphql/address.ts';
import { customersForDemo } from '../commands/customer.generated.ts';
import type { Tables } from '../entities.ts';

/** A demo customer who orders. */
export interface DemoCustomer {
  id: string;
  email: string;
  address: Address;
}

const PAGE = 100;

/** The demo customers with their addresses, from the customer agent. */
export async function customersOfDemo({ ask }: AgentContext<Tables>): Promise<DemoCustomer[]> {
  const customers: DemoCustomer[] = [];
  for (let from = 0; from < demoWorld.customers; from += PAGE) {
    const count = Math.min(PAGE, demoWorld.customers - from);
    const ids = Array.from({ length: count }, (_, n) => demoWorld.customerId(from + n));
    const { customers: page } = await ask(customersForDemo, { filter: { ids } });
    for (const { id, email, addresses } of page?.nodes ?? []) {
      if (addresses[0]) customers.push({ id, email, address: addresses[0].address });
    }
  }
  return customers.sort((a, b) => (a.id < b.id ? -1 : 1));
}
