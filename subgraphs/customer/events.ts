import { z } from 'zod';
import { defineEvent } from '../../platform/events/define-event.ts';

export const customerCreated = defineEvent('customer.created', {
  aggregate: 'customer',
  description: 'A user became a customer.',
  payload: z.object({ customerId: z.string(), userId: z.string() }),
});

export const customerUpdated = defineEvent('customer.updated', {
  aggregate: 'customer',
  description: "A customer's profile changed.",
  payload: z.object({ customerId: z.string() }),
});

export const customerAddressesChanged = defineEvent('customer.addresses_changed', {
  aggregate: 'customer',
  description: 'An address of a customer was added, changed or removed.',
  payload: z.object({ customerId: z.string(), addressId: z.string(), change: z.enum(['ADDED', 'CHANGED', 'REMOVED']) }),
});

export const emits = [customerCreated, customerUpdated, customerAddressesChanged];
