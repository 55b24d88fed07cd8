/**
 * Federated subscriptions by public API only. A subscription's plan is its root field, opened in the subgraph that owns
 * it, and the rest, which joins other subgraphs. @apollo/gateway refuses such a plan, so each event is executed as a
 * plain sequence of the same two, which we put into the plan cache; its first fetch is answered with the event
 * (`data-source.ts`). Apollo's own code shapes the answer.
 */
import type { FetchNode, QueryPlan, SequenceNode } from '@apollo/query-planner';
import { type DocumentNode, type ExecutionResult, GraphQLError } from 'graphql';
import type { RequestContext } from '../../platform/graphql/context.ts';
import type { SubgraphEndpoint } from '../../platform/graphql/subgraph.ts';
import type { AskedDocuments } from './asked-documents.ts';
import type { SubscriptionEvents } from './data-source.ts';
import { AFTER, withCursor } from './with-cursor.ts';
import type { PlanCache } from './plan-cache.ts';
import { onlyOperation, type PlannedExecution, type PlannedRequest } from './planned-execution.ts';
import { queryHash } from './query-hash.ts';
import { withDefaults } from './with-defaults.ts';

/** Joins one event, as the actor of this context. The context must be new. */
export type Join = (event: ExecutionResult, context: RequestContext) => Promise<ExecutionResult>;

/** An open subscription. */
export interface OpenSubscription {
  /** Events as the subgraph sends them, not joined yet. */
  events: AsyncIterator<ExecutionResult>;
  /** The operation that its subgraph was asked. */
  source: SubscriptionSource;
  /** Cursor of an event in the log, if this subscription has cursors. Ask before the event is joined. */
  cursorOf(event: ExecutionResult): string | undefined;
  /** Whether it can be opened again behind a cursor of its events. */
  isResumable: boolean;
  join: Join;
}

/** The operation that a subscription sends to the subgraph that owns its root field. */
export type SubscriptionSource = Pick<FetchNode, 'serviceName' | 'operation' | 'operationName' | 'variableUsages'>;

/** Opens subscriptions. */
export interface Subscriptions {
  /**
   * @param after a cursor of an event of the same subscription: opens it again behind that, whatever the client gave. Only
   *   for one that is resumable
   * @returns an `ExecutionResult` with errors if the subgraph refuses
   */
  open(request: PlannedRequest, after?: string): Promise<OpenSubscription | ExecutionResult>;
  /**
   * Continues a subscription that another graph version has opened: its events are joined as this supergraph has it.
   * Undefined if here its subgraph would be asked something else, so that its events do not fit.
   */
  adopt(request: Omit<PlannedRequest, 'context'>, source: SubscriptionSource): Join | undefined;
}

interface SubscriptionPlan {
  /** The operation alone: plans are cached by document where there is no name. */
  document: DocumentNode;
  primary: FetchNode;
  perEvent: QueryPlan;
  cursorOf: OpenSubscription['cursorOf'];
  /** The subgraph's operation that resumes behind a cursor. */
  resuming: string | undefined;
}

/** Subscriptions over the same supergraph, plan cache and events as `execution`. */
export function createSubscriptions(parts: {
  endpoints: readonly SubgraphEndpoint[];
  execution: PlannedExecution;
  cache: PlanCache;
  events: SubscriptionEvents;
  asked: AskedDocuments;
}): Subscriptions {
  const { endpoints, execution, cache, events } = parts;
  const plan = subscriptionPlans(parts);

  const openPrimary = (
    { primary, resuming }: SubscriptionPlan,
    request: PlannedRequest,
    after: string | undefined,
  ): ReturnType<SubgraphEndpoint['subscribe']> => {
    const endpoint = endpoints.find((candidate) => candidate.name === primary.serviceName)!;
    const { document, context } = request;
    const variables = withDefaults(document, request.operationName, request.variables, execution.schema);
    const used = Object.entries(variables).filter(([name]) => primary.variableUsages?.includes(name));
    const { operation, operationName } = primary;
    const asked =
      after === undefined
        ? { query: operation, variables: Object.fromEntries(used) }
        : { query: resuming!, variables: { ...Object.fromEntries(used), [AFTER]: after } };
    return endpoint.subscribe({ ...asked, operationName }, context);
  };

  const joinWith =
    ({ document, perEvent }: SubscriptionPlan, variables: PlannedRequest['variables']): Join =>
    (event, context) => {
      // One shape wherever the subgraph is: over the wire, an error that ends a stream comes without data.
      if (event.data === null || event.data === undefined) return Promise.resolve({ ...event, data: null });
      events.set(context, event);
      // Put there each time: the cache may have evicted it, and the gateway would plan a subscription.
      cache.put(queryHash(document), perEvent);
      return execution.execute({ document, variables, context });
    };

  return {
    async open(request, after) {
      const planned = plan(request.document, request.operationName ?? '');
      const source = await openPrimary(planned, request, after);
      if (!(Symbol.asyncIterator in source)) return source;
      const join = joinWith(planned, request.variables);
      const { primary, cursorOf, resuming } = planned;
      const isResumable = resuming !== undefined;
      return { events: source[Symbol.asyncIterator](), source: primary, cursorOf, isResumable, join };
    },
    adopt(request, source) {
      const planned = plan(request.document, request.operationName ?? '');
      return isSame(planned.primary, source) ? joinWith(planned, request.variables) : undefined;
    },
  };
}

const isSame = (a: SubscriptionSource, b: SubscriptionSource): boolean =>
  a.serviceName === b.serviceName &&
  a.operation === b.operation &&
  a.operationName === b.operationName &&
  String(a.variableUsages) === String(b.variableUsages);

/** Plans of subscriptions. They live as long as their document. */
function subscriptionPlans({
  execution,
  asked,
}: {
  execution: Pick<PlannedExecution, 'schema' | 'plan'>;
  asked: AskedDocuments;
}): (document: DocumentNode, operationName: string) => SubscriptionPlan {
  const plans = new WeakMap<DocumentNode, Map<string, SubscriptionPlan>>();

  const plan = (document: DocumentNode): SubscriptionPlan => {
    const { node } = execution.plan(document);
    if (node?.kind !== 'Subscription') throw new GraphQLError('This operation is not a subscription.');
    const { operation, cursorOf, resuming } = withCursor(node.primary.operation, execution.schema);
    const { rest } = node;
    const primary = { ...node.primary, operation };
    const sequence: FetchNode | SequenceNode = rest ? { kind: 'Sequence', nodes: [primary, rest] } : primary;
    return { document, primary, perEvent: { kind: 'QueryPlan', node: sequence }, cursorOf, resuming };
  };

  return (document, operationName) => {
    let named = plans.get(document);
    if (!named) plans.set(document, (named = new Map()));
    let known = named.get(operationName);
    if (!known) named.set(operationName, (known = plan(asked.of(onlyOperation(document, operationName)))));
    return known;
  };
}
