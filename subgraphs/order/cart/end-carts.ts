import type { ScheduledJob } from '../../../platform/agent/define-agent.ts';
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { inChunks } from '../../../platform/data/in-chunks.ts';
import type { Tables } from '../entities.ts';
import { idleCarts } from './queries.ts';

/** Days after its last change when a cart is deleted, ordered or not: its order has a copy of all that it needs. */
export const CART_DAYS = 30;
/** Carts that one transaction deletes. */
const CHUNK = 200;

/** Scheduled job that deletes idle carts. */
export const endCarts = ({ store, clock, log }: AgentContext<Tables>): ScheduledJob => ({
  name: 'end-carts',
  everySeconds: 3600,
  async run(signal) {
    const before = new Date(clock.now().getTime() - CART_DAYS * 86_400_000);
    let ended = 0;
    await inChunks(CHUNK, signal, async (limit) => {
      const ids = await idleCarts(store.read, before, limit);
      if (ids.length === 0) return 0;
      // Under the carts' locks the time is checked again: a cart that is changed at this moment stays.
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
      return ids.length;
    });
    if (ended) log.info({ ended }, 'carts have ended');
  },
});
