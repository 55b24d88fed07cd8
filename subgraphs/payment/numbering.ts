/** Numbers of refunds: each refund that has succeeded has one, so that a credit can be booked under it. */
import type { ScheduledJob } from '../../platform/agent/define-agent.ts';
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { columnsOf } from '../../platform/data/entity-table.ts';
import { inChunks } from '../../platform/data/in-chunks.ts';
import type { NumberOwner } from '../../platform/numbers/number-draws.ts';
import { numberSeries } from '../../platform/numbers/number-series.ts';
import type { PaymentVariables } from './config.ts';
import { RefundSchema, type Tables } from './entities.ts';

/** The series of refunds: `RF-2026-000123`. */
export const REFUND_NUMBERS = numberSeries({ name: 'refund', prefix: 'RF', digits: 6, restarts: 'YEARLY' });

/**
 * The issuer of all refunds, in whatever currency: the shop itself. Two counters would give one number twice, since
 * `RF-2026-000123` names neither currency nor merchant.
 */
const SHOP = 'shop';

/** Returns the owner of the numbers of refunds that succeed now. */
export const refundNumberOwner =
  ({ clock, config }: Pick<AgentContext<Tables, PaymentVariables>, 'clock' | 'config'>) =>
  (): NumberOwner => ({ owner: SHOP, timeZone: config.PAYMENT_TIME_ZONE, at: clock.now() });

const BATCH = 50;

/**
 * Scheduled job that numbers what has succeeded without a number: refunds of a release before numbers, and those that its
 * processes finish while this release is rolled out. They are numbered now, in the order in which they were made.
 */
export const numberRefunds = (
  agentContext: Pick<AgentContext<Tables, PaymentVariables>, 'store' | 'clock' | 'config'>,
): ScheduledJob => {
  const ownerNow = refundNumberOwner(agentContext);
  const numberSome = (limit: number): Promise<number> =>
    agentContext.store.write({ locks: ['numbers of refunds'], origin: {} }, async (work) => {
      const refunds = await work.sql
        .selectFrom('refund')
        .select(columnsOf(RefundSchema))
        .where('status', '=', 'DONE')
        .where('number', 'is', null)
        .orderBy('createdAt')
        .orderBy('id')
        .limit(limit)
        .execute();
      for (const refund of refunds)
        work.drawNumber(REFUND_NUMBERS, ownerNow(), async ({ number, issuedAt }) => {
          await work.save(RefundSchema, refund, { number, issuedAt });
        });
      return refunds.length;
    });
  return {
    name: 'number-refunds',
    everySeconds: 60,
    async run(signal) {
      await inChunks(BATCH, signal, numberSome);
    },
  };
};
