import type { Logger } from '../platform/log.ts';
import type { Generation } from './generation.ts';
import type { GraphiqlTab } from './graphiql.ts';
import { limitedOperations } from './limits/limited-operations.ts';
import type { Limits } from './limits/limits.ts';
import type { RateLimits } from './limits/rates.ts';
import type { LiveUpdates } from './live/live-updates.ts';
import type { ErrorMask } from './mask-error.ts';
import { observedOperations } from './observed-operations.ts';
import { createOperations, type Operations } from './operations.ts';
import { createYogaHandler, type Yoga } from './yoga.ts';

/** What stands before one generation: its operations, and what parses and validates for it and keeps what it parsed. */
export interface Front {
  readonly generation: Generation;
  readonly operations: Operations;
  readonly yoga: Yoga;
  readonly limits: Limits;
  readonly rates: RateLimits | undefined;
}

/** What all fronts of a gateway have in common. */
export interface FrontOptions {
  live: LiveUpdates;
  mask: ErrorMask;
  tabs: readonly GraphiqlTab[];
  limits: Limits;
  /** Counts requests and operations. @default nobody does */
  rates?: RateLimits;
  timeoutMs?: number;
  log: Pick<Logger, 'debug' | 'info'>;
}

/** Puts a front before a generation. */
export function createFront(generation: Generation, options: FrontOptions): Front {
  const { live, mask, tabs, limits, rates, timeoutMs, log } = options;
  const all = createOperations(generation, live, mask, timeoutMs);
  const operations = observedOperations(
    limitedOperations(all, generation, mask, { budgets: limits.costs, rates }),
    mask,
    log,
  );
  return {
    generation,
    operations,
    limits,
    rates,
    yoga: createYogaHandler(generation, operations, mask, { tabs, limits }),
  };
}
