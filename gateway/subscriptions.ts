/**
 * Federated subscriptions by public API only. A subscription's plan is its root field, opened in the subgraph that owns
 * it, and the rest, which joins other subgraphs. @apollo/gateway refuses such a plan, so each event is executed as a
 * plain sequence of the same two, which we put into the plan cache; its first fetch is answered with the event
 * (`data-source.ts`). What shapes the answer is Apollo's own code.
 */
import type { FetchNode, QueryPlan, SequenceNode } from '@apollo/query-planner';
import { type DocumentNode, type ExecutionResult, GraphQLError } from 'graphql';
import type { RequestContext } from '../platform/graphql/context.ts';
import type { Subgraph } from '../platform/graphql/subgraph.ts';
import { operationFromDocument, QueryPlanner, Supergraph } from './apollo.ts';
import type { SubscriptionEvents } from './data-source.ts';
import type { PlanCache } from './plan-cache.ts';
import { onlyOperation, type PlannedExecution, type PlannedRequest } from './planned-execution.ts';
import { queryHash } from './query-hash.ts';
import { withDefaults } from './with-defaults.ts';

/** An open subscription. */
export interface OpenSubscription {
  /** What its subgraph says, not joined yet. */
  events: AsyncIterator<ExecutionResult>;
  /** Joins one event, as the actor of this context. The context must be new. */
  join(event: ExecutionResult, context: RequestContext): Promise<ExecutionResult>;
}

/** Opens subscriptions. */
export interface Subscriptions {
  /** @returns an `ExecutionResult` with errors if the subgraph refuses */
  open(request: PlannedRequest): Promise<OpenSubscription | ExecutionResult>;
}

interface SubscriptionPlan {
  /** The operation alone: plans are cached by document where there is no name. */
  document: DocumentNode;
  primary: FetchNode;
  perEvent: QueryPlan;
}

/** Subscriptions over the same supergraph, plan cache and events as `execution`. */
export function createSubscriptions(
  executionSdl: string,
  subgraphs: readonly Subgraph[],
  execution: PlannedExecution,
  cache: PlanCache,
  events: SubscriptionEvents,
): Subscriptions {
  const plan = subscriptionPlanner(executionSdl);

  const openPrimary = (primary: FetchNode, request: PlannedRequest): ReturnType<Subgraph['subscribe']> => {
    const subgraph = subgraphs.find((candidate) => candidate.name === primary.serviceName)!;
    const { document, context } = request;
    const variables = withDefaults(document, request.operationName, request.variables);
    const used = Object.entries(variables).filter(([name]) => primary.variableUsages?.includes(name));
    const { operation: query, operationName } = primary;
    return subgraph.subscribe({ query, operationName, variables: Object.fromEntries(used) }, context);
  };

  return {
    async open(request) {
      const { document, primary, perEvent } = plan(request.document, request.operationName ?? '');
      const source = await openPrimary(primary, request);
      if (!(Symbol.asyncIterator in source)) return source;
      return {
        events: source[Symbol.asyncIterator](),
        join(event, context) {
          if (event.data === null || event.data === undefined) return Promise.resolve(event);
          events.set(context, event);
          // Put there each time: the cache may have let it go, and the gateway would plan a subscription.
          cache.put(queryHash(document), perEvent);
          return execution.execute({ document, variables: request.variables, context });
        },
      };
    },
  };
}

/** A planner of our own, made when it is first needed. Plans live as long as their document. */
function subscriptionPlanner(
  executionSdl: string,
): (document: DocumentNode, operationName: string) => SubscriptionPlan {
  let made:
    | { planner: InstanceType<typeof QueryPlanner>; schema: Parameters<typeof operationFromDocument>[0] }
    | undefined;
  const plans = new WeakMap<DocumentNode, Map<string, SubscriptionPlan>>();

  const plan = (document: DocumentNode): SubscriptionPlan => {
    if (!made) {
      const supergraph = Supergraph.build(executionSdl);
      made = { planner: new QueryPlanner(supergraph), schema: supergraph.apiSchema() };
    }
    const { node } = made.planner.buildQueryPlan(operationFromDocument(made.schema, document));
    if (node?.kind !== 'Subscription') throw new GraphQLError('This operation is not a subscription.');
    const { primary, rest } = node;
    const sequence: FetchNode | SequenceNode = rest ? { kind: 'Sequence', nodes: [primary, rest] } : primary;
    return { document, primary, perEvent: { kind: 'QueryPlan', node: sequence } };
  };

  return (document, operationName) => {
    let named = plans.get(document);
    if (!named) plans.set(document, (named = new Map()));
    let known = named.get(operationName);
    if (!known) named.set(operationName, (known = plan(onlyOperation(document, operationName))));
    return known;
  };
}
