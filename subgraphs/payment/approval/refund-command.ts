import { z } from 'zod';
import type { ApprovableCommand } from '../../../platform/approvals/command.ts';
import { refuse } from '../../../platform/errors.ts';
import type { CommandWork, Origin } from '../../../platform/store/store.ts';
import type { RefundStatus, Tables } from '../entities.ts';
import { lockOf } from '../record.ts';

/** A refund as it is approved: with the amount that was meant when it was asked for, whatever is left later. */
const refund = z.strictObject({
  paymentId: z.string(),
  orderId: z.string(),
  amountMinor: z.string().regex(/^[1-9]\d*$/),
  currency: z.string(),
  reason: z.string(),
});

/** A refund that is asked for. */
export type RefundCommand = z.infer<typeof refund>;

/** The parts of a refund (refund.ts). */
interface Parts {
  /** Records the intent under the payment's lock, and returns the refund's id. @throws Refusal if it is impossible */
  intend(
    work: CommandWork<Tables>,
    refund: { paymentId: string; amountMinor: bigint; reason: string },
  ): Promise<string>;
  /** Asks the provider, which knows the refund by its id, and records the outcome. */
  finish(refundId: string, origin: Origin): Promise<RefundStatus>;
}

/** The refund as a command that may need approval. */
export const refundCommand = ({ intend, finish }: Parts): ApprovableCommand<RefundCommand> => ({
  name: 'refundPayment',
  input: refund,
  locks: ({ orderId }) => [lockOf(orderId)],
  execute: (work, { paymentId, amountMinor, reason }) =>
    intend(work, { paymentId, amountMinor: BigInt(amountMinor), reason }),
  async finish(refundId, origin) {
    if ((await finish(refundId, origin)) === 'REFUSED')
      throw refuse('REFUND_REFUSED', 'The payment provider refused the refund.', ['input', 'approvalId']);
  },
});
