/** Query plans by operation, at most so many: the one unused for longest goes first. */
import type { QueryPlan } from '@apollo/query-planner';
import { count, set } from '../platform/telemetry/metrics.ts';

/** What @apollo/gateway takes as `queryPlannerConfig.cache`. */
export class PlanCache {
  readonly #plans = new Map<string, QueryPlan>();
  readonly #capacity: number;

  constructor(capacity = 2000) {
    this.#capacity = capacity;
  }

  async get(key: string): Promise<QueryPlan | undefined> {
    const plan = this.#plans.get(key);
    count('agora_plan_cache_lookups_total', { outcome: plan ? 'hit' : 'miss' });
    if (plan) this.put(key, plan);
    return plan;
  }

  /** Whether there is one; that is no use of it. */
  has(key: string): boolean {
    return this.#plans.has(key);
  }

  async set(key: string, plan: QueryPlan): Promise<void> {
    this.put(key, plan);
  }

  /** The same as {@link set}, at once. */
  put(key: string, plan: QueryPlan): void {
    this.#plans.delete(key);
    if (this.#plans.size >= this.#capacity) this.#plans.delete(this.#plans.keys().next().value!);
    this.#plans.set(key, plan);
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
