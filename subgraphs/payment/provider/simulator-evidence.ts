import { z } from 'zod';
import { type ProviderPayment, ProviderStatus } from './provider.ts';

const minor = z
  .string()
  .regex(/^\d{1,19}$/)
  .transform(BigInt);

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
      reference: z.string().max(100),
      status: z.enum(ProviderStatus),
      captured: minor,
      currency: z.string().nullable(),
      refusal: z.string().max(500).optional(),
      action: z.object({ url: z.url(), expiresAt: z.coerce.date() }).optional(),
      refund: z.object({ reference: z.string().max(100), minor }).optional(),
    }),
  })
  .transform(({ data: { reference, refund, ...found } }) => ({ reference, found, refund }));
