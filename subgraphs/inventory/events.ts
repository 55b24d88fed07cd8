import { z } from 'zod';
import { defineEvent } from '../../platform/events/define-event.ts';
import { businessMetric } from '../../platform/telemetry/business-metrics.ts';

const reservations = businessMetric('agora_reservations_total', 'Reservations of stock: reserved, released, expired.', [
  'outcome',
]);

const lines = z.array(z.object({ variantId: z.string(), locationId: z.string(), quantity: z.int() }));

export const inventoryChanged = defineEvent('inventory.changed', {
  seed: 'INVENTORY_UPDATE',
  aggregate: 'stock_level',
  description: 'Units of a variant came to a location or left it. The quantities are those on hand.',
  payload: z.object({
    variantId: z.string(),
    productId: z.string(),
    locationId: z.string(),
    oldQuantity: z.int(),
    newQuantity: z.int(),
    changeType: z.enum(['INBOUND', 'OUTBOUND', 'ADJUSTMENT', 'TRANSFER', 'RETURN']),
    referenceId: z.string().nullable(),
  }),
});

export const stockReserved = defineEvent('inventory.stock_reserved', {
  aggregate: 'reservation',
  description: 'Units were set aside for a reference, such as an order.',
  payload: z.object({
    reservationId: z.string(),
    reference: z.string(),
    expiresAt: z.iso.datetime().nullable(),
    lines,
  }),
  counts: [{ metric: reservations, labels: () => ({ outcome: 'reserved' }) }],
});

export const reservationReleased = defineEvent('inventory.reservation_released', {
  aggregate: 'reservation',
  description: 'Units that were set aside can be sold again.',
  payload: z.object({
    reservationId: z.string(),
    reference: z.string(),
    reason: z.enum(['RELEASED', 'EXPIRED']),
    lines,
  }),
  counts: [{ metric: reservations, labels: ({ reason }) => ({ outcome: reason.toLowerCase() }) }],
});

export const emits = [inventoryChanged, stockReserved, reservationReleased];
