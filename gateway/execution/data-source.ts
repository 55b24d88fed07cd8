/**
 * Executes the fetches of a query plan, in process or wherever the endpoint has its agent. Never Apollo's LocalGraphQLDataSource, which parses and validates
 * every fetch again and is many times slower.
 */
import type { GraphQLDataSource, GraphQLDataSourceProcessOptions } from '@apollo/gateway';
import type { ExecutionResult } from 'graphql';
import type { RequestContext } from '../../platform/graphql/context.ts';
import type { SubgraphEndpoint } from '../../platform/graphql/subgraph.ts';
import { awayErrors } from '../operations/away-errors.ts';

/** Events of subscriptions, by the context of the execution that joins them. */
export type SubscriptionEvents = WeakMap<RequestContext, ExecutionResult>;

type GatewayResponse = Awaited<ReturnType<GraphQLDataSource['process']>>;

/** The data source of one subgraph. */
export class EndpointDataSource implements GraphQLDataSource {
  readonly #endpoint: SubgraphEndpoint;
  readonly #events: SubscriptionEvents;

  constructor(endpoint: SubgraphEndpoint, events: SubscriptionEvents) {
    this.#endpoint = endpoint;
    this.#events = events;
  }

  /** The context goes through by reference: all agents of one operation share its actor and its loaders. */
  async process(options: GraphQLDataSourceProcessOptions): Promise<GatewayResponse> {
    const context = options.context as RequestContext;
    const { query = '', operationName, variables } = options.request;
    const request = { query, operationName, variables };
    try {
      // A plan's subscription fetch stands for the event at hand, which came before the plan is executed.
      const event = query.startsWith('subscription') ? this.#events.get(context) : undefined;
      if (event) return event as GatewayResponse;
      context.signal?.throwIfAborted();
      return (await this.#endpoint.execute(request, context)) as GatewayResponse;
    } catch (error) {
      // Anything but a GraphQLError would be put into the answer as it is, addresses and all.
      const originalError = error instanceof Error ? error : new Error(String(error));
      return { data: null, errors: awayErrors(request, originalError) };
    }
  }
}
