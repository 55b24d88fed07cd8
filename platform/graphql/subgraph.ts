/**
 * One agent's executable subgraph. The gateway (embedded) and the other agents' commands run it in process;
 * distributed, a yoga server runs it for calls over HTTP.
 */
import { buildSubgraphSchema } from '@apollo/subgraph';
import {
  defaultFieldResolver,
  type DocumentNode,
  type ExecutionResult,
  execute,
  getNamedType,
  getOperationAST,
  type GraphQLSchema,
  isInputObjectType,
  Kind,
  type NamedTypeNode,
  parse,
  print,
  typeFromAST,
  visit,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { cancellableBy } from '../data/cancellation.ts';
import { LruCache } from '../lru-cache.ts';
import type { RequestContext } from './context.ts';
import { enforceTextLimits } from './enforce-text-limits.ts';
import { forgetLoaded } from './per-request.ts';
import { subscribeAnew } from './subscribe.ts';
import { withoutDefaults } from './variable-defaults.ts';

/** A request to one subgraph, as text, because query plans and HTTP carry text. */
export interface SubgraphRequest {
  query: string;
  operationName?: string;
  variables?: Record<string, unknown>;
}

/** An agent's subgraph. */
export interface Subgraph {
  /** The agent's name. */
  readonly name: string;
  /** Its whole SDL for composition, shared definitions included. */
  readonly typeDefs: DocumentNode;
  /** The same as text. */
  readonly sdl: string;
  /** The executable schema. */
  readonly schema: GraphQLSchema;
  /** Runs a query or mutation. Documents are parsed, and where possible compiled, once. */
  execute(request: SubgraphRequest, context: RequestContext): Promise<ExecutionResult>;
  /** Opens a subscription. An `ExecutionResult` with errors if it cannot be opened. */
  subscribe(
    request: SubgraphRequest,
    context: RequestContext,
  ): Promise<AsyncIterable<ExecutionResult> | ExecutionResult>;
}

/** An agent's subgraph as a caller sees it, in this process or behind HTTP. */
export type SubgraphEndpoint = Pick<Subgraph, 'name' | 'execute' | 'subscribe'>;

type Runner = (
  context: RequestContext,
  variables: Record<string, unknown>,
) => Promise<ExecutionResult> | ExecutionResult;

/**
 * LRU limits of compiled operations per subgraph and of their characters: query plans use a bounded set in practice.
 */
const COMPILED = { entries: 2000, weight: 1_000_000 };

/** Builds the executable subgraph from an agent's SDL and resolvers. */
export function createSubgraph(name: string, typeDefs: DocumentNode, resolvers: object): Subgraph {
  const schema = buildSubgraphSchema([{ typeDefs, resolvers: resolvers as never }]);
  readAnewAfterChanges(schema);
  enforceTextLimits(schema);
  const runners = new LruCache<Runner>(COMPILED);

  const runnerOf = (request: SubgraphRequest): Runner => {
    const key = `${request.operationName ?? ''}\n${request.query}`;
    let runner = runners.get(key);
    if (!runner) runners.set(key, (runner = compile(schema, request)), key.length);
    return runner;
  };

  return {
    name,
    typeDefs,
    sdl: print(typeDefs),
    schema,
    execute: async (request, context) => runnerOf(request)(context, request.variables ?? {}),
    subscribe: ({ query, operationName, variables }, context) => {
      const document = parse(query, { noLocation: true });
      return subscribeAnew({ schema, document, operationName, variables }, context);
    },
  };
}

/**
 * Compiles queries by graphql-jit; graphql-js executes the rest. The rest are queries that graphql-jit 0.8.9 misreads:
 * variables with defaults that cannot be given as values, or of input object types, whose fields may have defaults (it
 * drops them); variables inside an input object (it puts null for absent ones); aliases called `__proto__` (its object
 * literals lose them). And mutations, whose time is spent in the database.
 */
function compile(schema: GraphQLSchema, { query, operationName }: SubgraphRequest): Runner {
  const document = parse(query, { noLocation: true });
  const bare = withoutDefaults(schema, document, operationName);
  const compiled =
    bare && isCompilable(schema, bare.document, operationName) && compileQuery(schema, bare.document, operationName);
  const run: Runner =
    compiled && isCompiledQuery(compiled)
      ? (context, variables) => compiled.query({}, context, bare.fill(variables))
      : (contextValue, variableValues) => execute({ schema, document, operationName, contextValue, variableValues });
  return cancellable(run, document, operationName);
}

/**
 * Cancels a query's reads with its request. A mutation that has begun is carried out: neither it nor the commands that
 * it sends to other agents see the signal of a client that disconnects.
 */
function cancellable(run: Runner, document: DocumentNode, operationName: string | undefined): Runner {
  const isQuery = getOperationAST(document, operationName)?.operation === 'query';
  return isQuery
    ? (context, variables) => cancellableBy(context.signal, () => run(context, variables))
    : (context, variables) => cancellableBy(undefined, () => changing(run, context, variables));
}

async function changing(run: Runner, context: RequestContext, variables: Record<string, unknown>) {
  const { signal, ...rest } = context;
  try {
    return await run(signal ? rest : context, variables);
  } finally {
    // Embedded, all agents of a request share its context, and others may read what was changed here.
    forgetLoaded(context);
  }
}

/**
 * Clears the request's loaders around every mutation: of several mutations in one operation each, and its answer, reads
 * the current rows, not those loaded for an earlier one. Here, so that no room can forget it.
 */
function readAnewAfterChanges(schema: GraphQLSchema): void {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const resolve = field.resolve ?? defaultFieldResolver;
    field.resolve = async (source, given, context: RequestContext, info) => {
      forgetLoaded(context);
      try {
        return await resolve(source, given, context, info);
      } finally {
        forgetLoaded(context);
      }
    };
  }
}

function isCompilable(schema: GraphQLSchema, document: DocumentNode, operationName: string | undefined): boolean {
  const operation = getOperationAST(document, operationName);
  if (operation?.operation !== 'query' || isMisread(document)) return false;
  return (operation.variableDefinitions ?? []).every(
    ({ type }) => !isInputObjectType(getNamedType(typeFromAST(schema, type as NamedTypeNode))),
  );
}

/** Whether graphql-jit would misread the document. */
function isMisread(document: DocumentNode): boolean {
  let is = false;
  visit(document, {
    ObjectField: ({ value }) => void (is ||= value.kind === Kind.VARIABLE),
    Field: ({ alias }) => void (is ||= alias?.value === '__proto__'),
  });
  return is;
}
