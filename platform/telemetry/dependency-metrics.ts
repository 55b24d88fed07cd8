import type { DependencyHealth } from '../agent/health.ts';
import { collectAtScrape } from './collectors.ts';

/** Has the health of shared dependencies collected at every scrape. Returns a function that ends it. */
export const measureDependencies = (health: () => readonly DependencyHealth[]): (() => void) =>
  collectAtScrape({
    name: 'dependencies',
    gauges: ['agora_dependency_up'],
    collect: () =>
      health().map(({ name, status }) => ({
        name: 'agora_dependency_up',
        labels: { dependency: name },
        value: status === 'UP' ? 1 : 0,
      })),
  });
