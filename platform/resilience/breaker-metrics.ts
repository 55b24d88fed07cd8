import type { Breakers } from './breakers.ts';
import type { CircuitStatus } from './guard.ts';
import { collectAtScrape } from '../telemetry/collectors.ts';

const STATE: Record<CircuitStatus, number> = { CLOSED: 0, HALF_OPEN: 1, OPEN: 2 };

/** Has the circuit breakers of this process collected at every scrape. Returns a function that ends it. */
export const measureBreakers = (breakers: Breakers): (() => void) =>
  collectAtScrape({
    name: 'breakers',
    gauges: ['agora_breaker_state'],
    collect: () =>
      breakers.list().map(({ agent, name, state }) => ({
        name: 'agora_breaker_state',
        labels: { agent, dependency: name },
        value: STATE[state],
      })),
  });
