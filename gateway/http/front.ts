import type { Logger } from '../../platform/log.ts';
import type { GraphVersion } from '../graph/graph-version.ts';
import type { GraphiqlTab } from './graphiql.ts';
import { limitedOperations } from '../limits/limited-operations.ts';
import type { Limits } from '../limits/limits.ts';
import type { RateLimits } from '../limits/rates.ts';
import type { HttpStreams } from '../live/http-streams.ts';
import type { LiveUpdates } from '../live/live-updates.ts';
import type { ErrorMask } from '../operations/mask-error.ts';
import { observedOperations } from '../operations/observed-operations.ts';
import { createOperations, type Operations } from '../operations/operations.ts';
import { createYogaHandler, type Yoga } from './yoga.ts';

/** The front of one graph version: its operations, and the parser, validator and document cache before them. */
export interface Front {
  readonly graphVersion: GraphVersion;
  readonly operations: Operations;
  readonly yoga: Yoga;
  readonly limits: Limits;
  readonly rates: RateLimits | undefined;
}

/** Options that all fronts of a gateway share. */
export interface FrontOptions {
  live: LiveUpdates;
  mask: ErrorMask;
  /** Takes the subscriptions over HTTP. */
  httpStreams: HttpStreams;
  tabs: readonly GraphiqlTab[];
  limits: Limits;
  /** Counts requests and operations. @default none are counted */
  rates?: RateLimits;
  timeoutMs?: number;
  log: Pick<Logger, 'debug' | 'info'>;
}

/** Puts a front before a graph version. */
export function createFront(graphVersion: GraphVersion, options: FrontOptions): Front {
  const { live, mask, httpStreams, tabs, limits, rates, timeoutMs, log } = options;
  const all = createOperations(graphVersion, live, mask, timeoutMs);
  const operations = observedOperations(
    limitedOperations(all, graphVersion, mask, { budgets: limits.costs, rates }),
    mask,
    log,
  );
  return {
    graphVersion,
    operations,
    limits,
    rates,
    yoga: createYogaHandler(graphVersion, operations, mask, { httpStreams, tabs, limits }),
  };
}
