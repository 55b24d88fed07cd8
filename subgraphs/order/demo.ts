/** Demo orders: a few hundred, in every status, of demo customers, with real prices and reserved stock. */
import type { DemoTools } from '../../platform/agent/demo.ts';
import { demoWorld } from '../../platform/agent/demo.ts';
import { allowsSimulator } from '../../platform/config/trial-features.ts';
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { Actor } from '../../platform/identity/actor.ts';
import { deterministicId, newId } from '../../platform/ids.ts';
import type { DemandLine } from './domain.ts';
import { reserveForDemo } from './commands/inventory.generated.ts';
import type { Tables } from './entities.ts';
import type { PlaceOrder } from './place-order.ts';
import { type Priced, price } from './price-lines.ts';
import { firstThatCan } from './demo/basket.ts';
import { customersOfDemo, type DemoCustomer } from './demo/customers.ts';
import { insertDemoOrder } from './demo/insert.ts';
import { LIVES } from './demo/lives.ts';

/** Orders that are placed for real, with a payment that the buyer has still to confirm. */
const WAITING_FOR_BUYER = 5;
const PROGRESS_EVERY = 100;

export const orderDemo =
  (agentContext: AgentContext<Tables>, placeOrder: PlaceOrder) =>
  async (tools: DemoTools): Promise<void> => {
    const random = tools.random('orders');
    const customers = await customersOfDemo(agentContext);
    const today = new Date(agentContext.clock.now());
    today.setUTCHours(0, 0, 0, 0);
    const lives = LIVES.flatMap(({ count, ...life }) => Array.from({ length: count }, () => life));

    for (const [n, life] of lives.entries()) {
      const customer = customers[Math.floor(random() * customers.length)]!;
      const id = deterministicId('order', n);
      const priced = await firstThatCan(
        () => drawLines(random),
        async (basket, draw) => {
          const { country, postcode, region } = customer.address;
          const priced = await price(agentContext, { lines: basket, country, postcode, region }, context(service));
          return life.holdsStock && !(await hold(agentContext, id, priced, draw)) ? undefined : priced;
        },
      );
      const placedAt = new Date(today.getTime() - (lives.length - n) * 3 * HOUR - Math.floor(random() * HOUR));
      await insertDemoOrder(agentContext.store.read, { n, id, life, customer, priced, placedAt });
      if ((n + 1) % PROGRESS_EVERY === 0) tools.report(`order: ${n + 1} of ${lives.length} orders`);
    }
    const waiting = await placeWaitingOrders(agentContext, placeOrder, customers, random);
    tools.report(`order: ${lives.length + waiting} orders, ${waiting} of which wait for their buyers`);
  };

const HOUR = 3_600_000;

const context = (actor: Actor) => ({ actor, correlationId: newId('demo') });
const service = new Actor({ id: 'agent:order', roles: ['SERVICE'] });

/** One to four different variants in small numbers. */
function drawLines(random: () => number): DemandLine[] {
  const variants = new Set(Array.from({ length: 1 + Math.floor(random() * 4) }, () => Math.floor(random() * 2000)));
  return [...variants].map((n) => ({
    variantId: demoWorld.variants[n]!.id,
    quantity: 1 + Math.floor(random() * 3),
  }));
}

/** Reserves the stock of an order that is not sent yet. Without its stock it could not be in that status. */
async function hold({ ask }: AgentContext, reference: string, { lines }: Priced, draw: number): Promise<boolean> {
  const wanted = lines.map(({ variantId, quantity }) => ({ variantId, quantity }));
  const input = { reference, lines: wanted, idempotencyKey: `demo:${reference}:${draw}` };
  const { reserveStock } = await ask(reserveForDemo, { input });
  return reserveStock!.userErrors.length === 0;
}

/** Places the orders that wait, and returns their number: none without a payment provider. */
async function placeWaitingOrders(
  agentContext: AgentContext<Tables>,
  placeOrder: PlaceOrder,
  customers: DemoCustomer[],
  random: () => number,
): Promise<number> {
  if (!allowsSimulator(agentContext.config)) return 0;
  for (let n = 0; n < WAITING_FOR_BUYER; n++) {
    const customer = customers[1 + n]!;
    const actor = new Actor({ id: `demo:${customer.id}`, roles: ['CUSTOMER'], customerId: customer.id });
    const more = { shippingAddress: customer.address, payment: { token: 'tok_3ds' }, idempotencyKey: `demo:${n}` };
    await firstThatCan(
      () => drawLines(random),
      (lines) => placeOrder({ lines, ...more }, context(actor)),
    );
  }
  return WAITING_FOR_BUYER;
}
