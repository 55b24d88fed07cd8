import { z } from 'zod';
import { isStorable, UNSTORABLE_MESSAGE } from '../../../platform/text/storable.ts';
import { type ProviderPayment, ProviderStatus } from './provider.ts';

/** A text of the record, in characters at most. */
const text = (most: number) => z.string().max(most).refine(isStorable, UNSTORABLE_MESSAGE);

const minor = z
  .string()
  .regex(/^\d{1,19}$/)
  .transform(BigInt)
  .refine((amount) => amount < 2n ** 63n, 'beyond 64 bits');

/** Evidence of a payment from outside: its state, in the terms of the port. */
export interface Evidence {
  /** Our reference: the payment's id. */
  reference: string;
  found: ProviderPayment;
  /** A refund that was made, by our reference. */
  refund?: { reference: string; minor: bigint };
}

/** Reads the body of one of the simulator's webhooks. */
export const simulatorEvidence: z.ZodType<Evidence> = z
  .object({
    data: z.object({
      reference: text(100),
      status: z.enum(ProviderStatus),
      captured: minor,
      currency: text(10).nullable(),
      refusal: text(500).optional(),
      action: z.object({ url: text(2000), expiresAt: z.iso.datetime().transform((time) => new Date(time)) }).optional(),
      refund: z.object({ reference: text(100), minor }).optional(),
    }),
  })
  .transform(({ data: { reference, refund, ...found } }) => ({ reference, found, refund }));
