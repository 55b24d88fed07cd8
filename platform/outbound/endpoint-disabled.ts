import { z } from 'zod';

/** The payload of the event of an endpoint that was disabled by itself, whose type its agent names. */
export const endpointDisabledPayload = z.object({
  endpointId: z.string(),
  /** Null for an endpoint of the house. */
  merchantId: z.string().nullable(),
  /** Its receiver answered 410, or nothing succeeded for days. */
  reason: z.enum(['GONE', 'FAILING']),
  disabledAt: z.string(),
});

/** That payload. */
export type EndpointDisabled = z.infer<typeof endpointDisabledPayload>;
