/** For tests: composes small subgraphs and puts a gate before data that is given as it is. */
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

/** The supergraph of subgraphs that are given as SDL. With `LINKS` before each, unless it brings its own. */
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

/** The API schema of a supergraph: what clients see. */
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

/** What {@link runThroughGate} saw. */
export interface Run {
  kind: string;
  result: ExecutionResult;
  /** What was executed; undefined if nothing was. */
  executed: DocumentNode | undefined;
}

/** Checks the operation, executes what the gate leaves of it on the data, and completes the result. */
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

/** graphql-js makes objects without a prototype, which a test's `toEqual` cannot print. */
const plain = (result: ExecutionResult): ExecutionResult => ({
  ...result,
  data: JSON.parse(JSON.stringify(result.data ?? null)),
});

/** A signed-in actor. */
export const actorWith = (claims: Partial<ActorClaims> = {}): Actor =>
  new Actor({ id: 'user_1', roles: [], ...claims });
