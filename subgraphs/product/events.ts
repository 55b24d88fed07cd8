import { z } from 'zod';
import { defineEvent } from '../../platform/events/define-event.ts';
import { jobProgressed } from '../../platform/jobs/job-events.ts';

const product = z.object({
  productId: z.string(),
  merchantId: z.string(),
  status: z.enum(['DRAFT', 'ACTIVE', 'ARCHIVED']),
});

export const productCreated = defineEvent('product.created', {
  aggregate: 'product',
  description: 'A product was created, as a draft.',
  payload: product,
});

export const productUpdated = defineEvent('product.updated', {
  aggregate: 'product',
  description: 'The data of a product or of its variants changed.',
  payload: product,
});

export const productStatusChanged = defineEvent('product.status_changed', {
  aggregate: 'product',
  description: 'A product went on sale or from sale.',
  payload: product,
});

export const productRemoved = defineEvent('product.removed', {
  aggregate: 'product',
  description: 'A draft was deleted.',
  payload: product.omit({ status: true }),
});

export const importRefused = defineEvent('product.import_refused', {
  aggregate: 'import',
  description: 'An import of products was undone.',
  payload: z.object({ importId: z.string(), merchantId: z.string(), code: z.string() }),
});

/** Progress of the catalogue's jobs. */
export const productJobProgressed = jobProgressed('product');

export const emits = [
  productCreated,
  productUpdated,
  productStatusChanged,
  productRemoved,
  importRefused,
  productJobProgressed,
];
