import { z } from 'zod';
import type { Policy } from '../../../platform/decisions/policy.ts';
import { type Allocation, spread, type SpreadInputs } from './domain.ts';

const units = z.record(z.string(), z.int());

/** How a reservation is spread over locations (`spread` in domain.ts). */
export const spreadPolicy: Policy<SpreadInputs, Allocation[]> = {
  name: 'inventory.spread',
  version: 1,
  source: 'POLICY',
  inputs: z.object({
    wanted: units,
    locations: z.record(z.string(), z.object({ priority: z.int(), free: units })),
  }),
  decide: spread,
};
