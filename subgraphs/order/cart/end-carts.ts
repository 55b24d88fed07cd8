import type { ScheduledJob } from '../../../platform/agent/define-agent.ts';
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { Tables } from '../entities.ts';
import { idleCarts } from './queries.ts';

/** A cart ends so long after its last change, whether it was ordered or not: the order has all that is needed of it. */
export const CART_DAYS = 30;
/** Carts that one transaction ends. */
const CHUNK = 200;

/** A cart that has ended is as one that never was. */
export const endCarts = ({ store, clock, log }: AgentContext<Tables>): ScheduledJob => ({
  name: 'end-carts',
  everySeconds: 3600,
  async run(signal) {
    const before = new Date(clock.now().getTime() - CART_DAYS * 86_400_000);
    let ended = 0;
    for (let more = true; more && !signal.aborted; ) {
      const ids = await idleCarts(store.read, before, CHUNK);
      more = ids.length === CHUNK;
      if (ids.length === 0) break;
      // Under the carts' locks: what is changed at this moment stays.
      ended += await store.write({ locks: ids, origin: {} }, async ({ sql }) => {
        const idle = sql.selectFrom('cart').select('id').where('id', 'in', ids).where('updatedAt', '<', before);
        await sql.deleteFrom('cart_line').where('cartId', 'in', idle).execute();
        const { numDeletedRows } = await sql
          .deleteFrom('cart')
          .where('id', 'in', ids)
          .where('updatedAt', '<', before)
          .executeTakeFirstOrThrow();
        return Number(numDeletedRows);
      });
    }
    if (ended) log.info({ ended }, 'carts have ended');
  },
});
