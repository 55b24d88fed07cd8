/**
 * Everything that belongs to one supergraph: schema, gate, executor, planner, plans. Nothing of it changes, so that a
 * new supergraph is a new graph version that takes over at once, while operations under way end on the old one.
 */
import { type DocumentNode, type GraphQLError, type GraphQLSchema, validate } from 'graphql';
import { createGate, type Gate } from '../../platform/gate/gate.ts';
import type { RuleOptions } from '../../platform/gate/rules.ts';
import { splitSupergraph } from '../../platform/gate/split-supergraph.ts';
import { adoptScalars } from './adopt-scalars.ts';
import { AskedDocuments } from '../execution/asked-documents.ts';
import type { SubscriptionEvents } from '../execution/data-source.ts';
import type { Graph } from './graph.ts';
import { Leases } from './leases.ts';
import { type Shape, shapes } from '../live/shape.ts';
import { nodeSubgraph } from '../nodes/node-subgraph.ts';
import { PlanCache } from '../execution/plan-cache.ts';
import { planKey } from '../execution/plan-key.ts';
import { publicDecisions } from './public-decisions.ts';
import { type PlannedExecution, planExecution } from '../execution/planned-execution.ts';
import { References } from '../execution/references.ts';
import { ReservedKeys } from '../execution/reserved-keys.ts';
import { createSubscriptions, type Subscriptions } from '../execution/subscriptions.ts';
import { UsedDocuments } from '../execution/used-documents.ts';

/** One supergraph, ready to serve. */
export interface GraphVersion {
  /** The supergraph as composed, decisions included, and as it is published. */
  readonly supergraphSdl: string;
  /** The schema that clients see. */
  readonly schema: GraphQLSchema;
  readonly gate: Gate;
  readonly execution: PlannedExecution;
  readonly subscriptions: Subscriptions;
  /** Validation errors of a document. Asked once for each document. */
  validate(document: DocumentNode): readonly GraphQLError[];
  /** How a subscription may be shared, and where its subscribers begin. The document must be valid. */
  shapeOf(document: DocumentNode, operationName: string | null | undefined): Shape;
  /** Makes a plan before it is needed. The document must be valid. */
  plan(document: DocumentNode, operationName?: string): void;
  /** Number of plans in the cache. */
  plans(): number;
  /** Number of uses now: operations under way, and open subscriptions. */
  uses(): number;
  /** Begins a use. Returns a function that ends it. */
  enter(): () => void;
  /** Takes it out of service: it is closed when the last use has ended, and this resolves then. */
  retire(): Promise<void>;
}

/**
 * Makes a graph version.
 * @param used counts the documents that are executed
 * @throws Error if the supergraph cannot be read, or has a coordinate without a decision
 */
export async function createGraphVersion(
  { supergraphSdl, endpoints: agents, scalars, nodes = [], isUnguarded }: Graph,
  rules: RuleOptions,
  used: UsedDocuments = new UsedDocuments(),
): Promise<GraphVersion> {
  const { execution: supergraph, executionSdl, decisions, sameForAll } = splitSupergraph(supergraphSdl);
  const endpoints = nodes.length > 0 ? [...agents, nodeSubgraph(nodes, agents, rules)] : agents;
  const cache = new PlanCache();
  const references = isUnguarded ? undefined : new References(supergraph, nodes);
  const asked = new AskedDocuments(new ReservedKeys(supergraph), references);
  const events: SubscriptionEvents = new WeakMap();
  const execution = await planExecution(executionSdl, endpoints, { cache, events, used, asked });
  const { schema } = execution;
  const leases = new Leases(() => execution.close());
  const known = new WeakMap<DocumentNode, readonly GraphQLError[]>();
  try {
    adoptScalars(schema, scalars);
    return Object.freeze({
      supergraphSdl,
      schema,
      gate: createGate(schema, isUnguarded ? publicDecisions(schema) : decisions, rules),
      execution,
      subscriptions: createSubscriptions({ endpoints, execution, cache, events, asked }),
      shapeOf: shapes(schema, { sameForAll, decisions }),
      validate(document: DocumentNode) {
        let errors = known.get(document);
        if (!errors) known.set(document, (errors = validate(schema, document)));
        return errors;
      },
      plan(wanted: DocumentNode, operationName?: string) {
        const document = asked.of(wanted);
        cache.put(planKey(document, operationName), execution.plan(document, operationName));
      },
      plans: () => cache.size,
      uses: () => leases.open,
      enter: () => leases.enter(),
      retire: () => leases.retire(),
    });
  } catch (error) {
    await execution.close();
    throw error;
  }
}
