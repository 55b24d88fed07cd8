/**
 * All that belongs to one supergraph: schema, gate, executor, planner. Immutable, so that a new supergraph is a new
 * generation that takes over at once, while what runs on the old one ends on it.
 */
import type { GraphQLSchema } from 'graphql';
import { createGate, type Gate } from '../platform/gate/gate.ts';
import type { RuleOptions } from '../platform/gate/rules.ts';
import { splitSupergraph } from '../platform/gate/split-supergraph.ts';
import type { Subgraph } from '../platform/graphql/subgraph.ts';
import { adoptScalars } from './adopt-scalars.ts';
import type { SubscriptionEvents } from './data-source.ts';
import { PlanCache } from './plan-cache.ts';
import { type PlannedExecution, planExecution } from './planned-execution.ts';
import { createSubscriptions, type Subscriptions } from './subscriptions.ts';

/** One supergraph, ready to serve. */
export interface Generation {
  /** As composed, decisions included: what is published. */
  readonly supergraphSdl: string;
  /** What clients see. */
  readonly schema: GraphQLSchema;
  readonly gate: Gate;
  readonly execution: PlannedExecution;
  readonly subscriptions: Subscriptions;
  close(): Promise<void>;
}

/**
 * Makes a generation.
 * @throws Error if the supergraph cannot be read, or has a coordinate without a decision
 */
export async function createGeneration(
  supergraphSdl: string,
  subgraphs: readonly Subgraph[],
  rules: RuleOptions,
): Promise<Generation> {
  const { executionSdl, decisions } = splitSupergraph(supergraphSdl);
  const cache = new PlanCache();
  const events: SubscriptionEvents = new WeakMap();
  const execution = await planExecution(executionSdl, subgraphs, cache, events);
  try {
    adoptScalars(
      execution.schema,
      subgraphs.map((subgraph) => subgraph.schema),
    );
    return Object.freeze({
      supergraphSdl,
      schema: execution.schema,
      gate: createGate(execution.schema, decisions, rules),
      execution,
      subscriptions: createSubscriptions(executionSdl, subgraphs, execution, cache, events),
      close: () => execution.close(),
    });
  } catch (error) {
    await execution.close();
    throw error;
  }
}
