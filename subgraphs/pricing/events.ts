import { z } from 'zod';
import { defineEvent } from '../../platform/events/define-event.ts';

const amount = z.object({ minor: z.string(), currency: z.string() });

export const priceChanged = defineEvent('pricing.price_changed', {
  seed: 'PRICE_UPDATE',
  aggregate: 'price',
  description: 'The price of a variant changes at `effectiveDate`: in one channel, or without one in all.',
  payload: z.object({
    priceId: z.string(),
    variantId: z.string(),
    productId: z.string(),
    channel: z.string().nullable(),
    currency: z.string(),
    oldPrice: amount.nullable(),
    newPrice: amount.nullable(),
    effectiveDate: z.string(),
    reason: z.string().nullable(),
  }),
});

export const emits = [priceChanged];
