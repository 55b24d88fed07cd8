/** Plans and executes documents over subgraphs: Apollo's gateway, behind what we need of it. */
import { type DocumentNode, type ExecutionResult, type GraphQLSchema, Kind } from 'graphql';
import type { RequestContext } from '../../platform/graphql/context.ts';
import type { SubgraphEndpoint } from '../../platform/graphql/subgraph.ts';
import { withTypenameAnchor } from './typename-anchor.ts';
import { ApolloGateway } from './apollo.ts';
import type { AskedDocuments } from './asked-documents.ts';
import { EndpointDataSource, type SubscriptionEvents } from './data-source.ts';
import type { PlanCache } from './plan-cache.ts';
import { planKey } from './plan-key.ts';
import { type Planner, plannerOf } from './planner.ts';
import { queryHash } from './query-hash.ts';
import type { UsedDocuments } from './used-documents.ts';
import { withDefaults } from './with-defaults.ts';

/** A document that the gate has seen, so that it may be executed as it is. */
export interface PlannedRequest {
  document: DocumentNode;
  operationName?: string | null;
  /** Variables as the client sent them: each subgraph reads them itself. */
  variables?: Readonly<Record<string, unknown>> | null;
  context: RequestContext;
}

/** Plans and executes documents that the gate has seen. */
export interface PlannedExecution {
  /** The API schema, which clients see. */
  schema: GraphQLSchema;
  /** Plans as the executor does. */
  plan: Planner;
  execute(request: PlannedRequest): Promise<ExecutionResult>;
  close(): Promise<void>;
}

/** The part of Apollo's request context that its executor reads. */
interface GatewayRequestContext {
  logger: object;
  schema: GraphQLSchema;
  document: DocumentNode;
  operationName: string | null;
  queryHash: string;
  request: { operationName: string | undefined; variables: Readonly<Record<string, unknown>> };
  context: RequestContext;
  metrics: object;
}

/** Apollo's executor, with that context. */
type GatewayExecutor = (context: GatewayRequestContext) => Promise<ExecutionResult>;

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Loads a supergraph without security directives.
 * @throws Error if it is not one, or names a subgraph that is not given
 */
export async function planExecution(
  executionSdl: string,
  endpoints: readonly SubgraphEndpoint[],
  parts: { cache: PlanCache; events: SubscriptionEvents; used: UsedDocuments; asked: AskedDocuments },
): Promise<PlannedExecution> {
  const { cache, events, used, asked } = parts;
  const gateway = new ApolloGateway({
    supergraphSdl: executionSdl,
    queryPlannerConfig: { cache },
    debug: false,
    // Otherwise a header of the request would reveal the plan.
    __exposeQueryPlanExperimental: false,
    logger: silent,
    buildService: ({ name }) => {
      const endpoint = endpoints.find((candidate) => candidate.name === name);
      if (!endpoint) throw new Error(`The supergraph names the subgraph ${name}, which is not here.`);
      return new EndpointDataSource(endpoint, events);
    },
  });
  const { schema, executor } = await gateway.load();
  const run = executor as unknown as GatewayExecutor;
  const plan = plannerOf(gateway);
  return {
    schema,
    plan,
    async execute(request) {
      const operationName = request.operationName ?? undefined;
      used.note(queryHash(request.document), request.document, operationName);
      const document = asked.of(request.document);
      const key = planKey(document, operationName);
      // Otherwise the gateway would plan the document without its anchors.
      if (withTypenameAnchor(document) !== document && !cache.has(key)) cache.put(key, plan(document, operationName));
      return asked.answer(document, await run(contextOf(schema, { ...request, document })));
    },
    close: () => gateway.stop(),
  };
}

function contextOf(schema: GraphQLSchema, request: PlannedRequest): GatewayRequestContext {
  const { document, operationName, variables, context } = request;
  return {
    logger: silent,
    schema,
    document,
    operationName: operationName ?? null,
    queryHash: queryHash(document),
    request: {
      operationName: operationName ?? undefined,
      variables: withDefaults(document, operationName, variables, schema),
    },
    context,
    // Apollo collects errors here. Shared it would grow for ever, missing it adds an error to every error.
    metrics: {},
  };
}

/** The document with this one operation only, so that nothing needs its name. */
export const onlyOperation = (document: DocumentNode, operationName?: string | null): DocumentNode =>
  operationName
    ? {
        ...document,
        definitions: document.definitions.filter(
          (node) => node.kind !== Kind.OPERATION_DEFINITION || node.name?.value === operationName,
        ),
      }
    : document;
