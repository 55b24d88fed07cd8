/** An LRU cache of query plans by operation. */
import type { QueryPlan } from '@apollo/query-planner';
import { LruCache } from '../../platform/lru-cache.ts';
import { count, set } from '../../platform/telemetry/metrics.ts';

/** Limits of the cache: plans, and characters of their fetches. */
const MOST = { entries: 2000, weight: 1_000_000 };

/** The cache of @apollo/gateway's planner, `queryPlannerConfig.cache`. */
export class PlanCache {
  readonly #plans: LruCache<QueryPlan>;

  constructor(limits = MOST) {
    this.#plans = new LruCache(limits);
  }

  async get(key: string): Promise<QueryPlan | undefined> {
    const plan = this.#plans.get(key);
    count('agora_plan_cache_lookups_total', { outcome: plan ? 'hit' : 'miss' });
    return plan;
  }

  /** Whether there is a plan; asking does not count as its use. */
  has(key: string): boolean {
    return this.#plans.has(key);
  }

  async set(key: string, plan: QueryPlan): Promise<void> {
    this.put(key, plan);
  }

  /** The same as {@link set}, at once. */
  put(key: string, plan: QueryPlan): void {
    this.#plans.set(key, plan, weightOf(plan.node));
    set('agora_plan_cache_plans', {}, this.#plans.size);
  }

  async delete(key: string): Promise<boolean> {
    return this.#plans.delete(key);
  }

  clear(): void {
    this.#plans.clear();
  }

  get size(): number {
    return this.#plans.size;
  }
}

/** The characters of all fetches, wherever they stand in the plan. */
function weightOf(part: unknown): number {
  if (Array.isArray(part)) return part.reduce((sum: number, one) => sum + weightOf(one), 0);
  if (typeof part !== 'object' || part === null) return 0;
  if ('operation' in part && typeof part.operation === 'string') return part.operation.length;
  const { node, nodes, primary, rest, ifClause, elseClause } = part as Record<string, unknown>;
  return weightOf([node, nodes, primary, rest, ifClause, elseClause].filter(Boolean));
}
