/** Test helpers: compose small subgraphs, and run operations through a gate on given data. */
import { createRequire } from 'node:module';
import { type DocumentNode, type ExecutionResult, execute, type GraphQLSchema, parse, validate } from 'graphql';
import { ANONYMOUS, Actor, type ActorClaims } from '../identity/actor.ts';
import { createGate, type Gate } from './gate.ts';
import type { RuleOptions } from './rules.ts';
import { splitSupergraph } from './split-supergraph.ts';

const require = createRequire(import.meta.url);
const { composeServices } = require('@apollo/composition') as typeof import('@apollo/composition');
const { Supergraph } = require('@apollo/federation-internals') as typeof import('@apollo/federation-internals');

/** The head of every subgraph. */
export const LINKS = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@authenticated",
      "@requiresScopes", "@policy", "@external", "@requires", "@composeDirective"])
    @link(url: "https://agora.dev/spec/v1.0", import: ["@public", "@sameForAll"])
    @composeDirective(name: "@public")
    @composeDirective(name: "@sameForAll")
  directive @public on OBJECT | FIELD_DEFINITION
  directive @sameForAll on OBJECT | FIELD_DEFINITION
`;

/** Composes the supergraph of subgraphs given as SDL, with `LINKS` before each that has no `@link` of its own. */
export function composeForTest(...subgraphs: string[]): string {
  const services = subgraphs.map((sdl, index) => ({
    name: `s${index}`,
    url: 'http://none',
    typeDefs: parse(sdl.includes('@link') ? sdl : LINKS + sdl),
  }));
  const { supergraphSdl, errors } = composeServices(services);
  if (!supergraphSdl) throw new Error(errors?.map((error) => error.message).join('\n'));
  return supergraphSdl;
}

/** The API schema of a supergraph, which clients see. */
export const apiSchemaOf = ({ executionSdl }: { executionSdl: string }): GraphQLSchema =>
  Supergraph.build(executionSdl).apiSchema().toGraphQLJSSchema();

/** A gate over one subgraph. */
export function gateOf(sdl: string, options: Partial<RuleOptions> = {}): { schema: GraphQLSchema; gate: Gate } {
  const split = splitSupergraph(composeForTest(sdl));
  const schema = apiSchemaOf(split);
  const onError = (error: unknown): void => {
    throw error;
  };
  return { schema, gate: createGate(schema, split.decisions, { policies: {}, onError, ...options }) };
}

/** The outcome of {@link runThroughGate}. */
export interface Run {
  kind: string;
  result: ExecutionResult;
  /** The executed document; undefined if none was. */
  executed: DocumentNode | undefined;
}

/** Checks the operation, executes the rest that the gate allows on the data, and completes the result. */
export async function runThroughGate(
  { schema, gate }: { schema: GraphQLSchema; gate: Gate },
  source: string,
  { actor = ANONYMOUS, variables, data }: { actor?: Actor; variables?: Record<string, unknown>; data?: unknown } = {},
): Promise<Run> {
  const document = parse(source);
  const invalid = validate(schema, document);
  if (invalid.length > 0) throw invalid[0]!;
  const run = async (pruned: DocumentNode): Promise<ExecutionResult> =>
    plain(await execute({ schema, document: pruned, rootValue: data, variableValues: variables }));
  const verdict = await gate.check({ document, variables, actor });
  if (verdict.kind === 'refused') return { kind: verdict.kind, result: verdict.result, executed: undefined };
  if (verdict.kind === 'allowed') return { kind: verdict.kind, result: await run(document), executed: document };
  const executed = verdict.isEmpty ? undefined : verdict.document;
  return { kind: verdict.kind, result: verdict.finish(executed ? await run(executed) : {}), executed };
}

/** A result of plain objects: graphql-js makes some without a prototype, which `toEqual` cannot print. */
const plain = (result: ExecutionResult): ExecutionResult => ({
  ...result,
  data: JSON.parse(JSON.stringify(result.data ?? null)),
});

/** A signed-in actor. */
export const actorWith = (claims: Partial<ActorClaims> = {}): Actor =>
  new Actor({ id: 'user_1', roles: [], ...claims });
