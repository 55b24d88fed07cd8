/**
 * Random operations: our execution answers each as one plain schema of the same resolvers does, with the same data to
 * the last leaf, and errors at the same paths. Others are drawn each time: AGORA_SEED repeats a run, AGORA_OPERATIONS
 * makes it longer.
 */
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ExecutionResult, execute, type GraphQLSchema, parse, validate } from 'graphql';
import { createGraphVersion, type GraphVersion } from '../../gateway/graph/graph-version.ts';
import { type Graph, graphOf } from '../../gateway/graph/graph.ts';
import { createErrorMask } from '../../gateway/operations/mask-error.ts';
import { nodeKinds } from '../../gateway/nodes/node-kinds.ts';
import { nodeSubgraph } from '../../gateway/nodes/node-subgraph.ts';
import { silentLogger } from '../../platform/log.ts';
import type { TestAgents } from '../support/agents.ts';
import { mergedSchema } from '../support/merged-schema.ts';
import { type Knowledge, type RandomOperation, randomOperation } from '../support/random-operation.ts';
import { Chance } from '../support/random.ts';
import { overHttp } from './distributed-graph.ts';
import { valuesOf } from './values.ts';
import { adminContext, idsIn, openWorld } from './world.ts';

const SEED = Number(process.env.AGORA_SEED ?? Math.floor(Math.random() * 1e6));
const OPERATIONS = Number(process.env.AGORA_OPERATIONS ?? 500);
/** A run on a busy machine ends early, but not before so many operations. */
const [ENOUGH_MS, LEAST] = [20_000, 60];
/** Fields that depend on the time of the query. */
const WITHOUT = new Set(['Consumer.lagSeconds']);

let agents: TestAgents;
let embedded: GraphVersion;
let merged: GraphQLSchema;
let knowledge: Knowledge;
const mask = createErrorMask(silentLogger);

const generationOf = (graph: Graph): Promise<GraphVersion> =>
  createGraphVersion(graph, { policies: {}, onError: () => {} });

beforeAll(async () => {
  agents = await openWorld();
  embedded = await generationOf(graphOf(agents.host.subgraphs));
  const { subgraphs } = agents.host;
  const nodes = nodeSubgraph(nodeKinds(subgraphs), subgraphs, { policies: {}, onError: () => {} });
  merged = mergedSchema(embedded.schema, [...subgraphs, nodes]);
  const ids = await idsIn(embedded.schema, (query) => federated(embedded, { query, variables: {} }));
  knowledge = { schema: embedded.schema, without: WITHOUT, values: valuesOf(ids) };
});
afterAll(async () => {
  await embedded?.retire();
  await agents?.close();
});

test('random operations, the agents in this process', async () => {
  const { wrong, done, withData } = await compare(embedded, OPERATIONS);
  expect({ seed: SEED, wrong }).toEqual({ seed: SEED, wrong: [] });
  // Otherwise they might agree on nothing but errors.
  expect(withData).toBeGreaterThan(done / 4);
});

test('random operations, the agents behind HTTP', async () => {
  const { graph, close } = await overHttp(agents.host.subgraphs);
  const graphVersion = await generationOf(graph);
  try {
    const { wrong } = await compare(graphVersion, Math.ceil(OPERATIONS / 8));
    expect({ seed: SEED, wrong }).toEqual({ seed: SEED, wrong: [] });
  } finally {
    await graphVersion.retire();
    await close();
  }
});

async function compare(graphVersion: GraphVersion, operations: number) {
  const [chance, begun, wrong] = [new Chance(SEED), performance.now(), [] as object[]];
  let [done, withData] = [0, 0];
  while (done < operations && wrong.length < 3 && (done < LEAST || performance.now() - begun < ENOUGH_MS)) {
    const operation = randomOperation(chance, knowledge);
    const [ours, plain] = [await federated(graphVersion, operation), await alone(operation)];
    const [found, expected] = [differences(ours, plain), { data: plainly(plain), invented: [], lost: [] }];
    if (!isDeepStrictEqual(found, expected)) wrong.push({ number: done, ...operation, found, expected });
    if (JSON.stringify(expected.data).length > 50) withData += 1;
    done += 1;
  }
  process.stdout.write(`${done} operations by chance, ${withData} of them with data: AGORA_SEED=${SEED}\n`);
  return { wrong, done, withData };
}

async function federated(graphVersion: GraphVersion, { query, variables }: RandomOperation): Promise<ExecutionResult> {
  const document = parse(query, { noLocation: true });
  const invalid = graphVersion.validate(document);
  if (invalid.length > 0) throw new Error(`${invalid[0]!.message}\n${query}`);
  const context = adminContext();
  const verdict = await graphVersion.gate.check({ document, variables, actor: context.actor });
  expect(verdict.kind).toBe('allowed');
  return mask.result(await graphVersion.execution.execute({ document, variables, context }), context.correlationId);
}

async function alone({ query, variables }: RandomOperation): Promise<ExecutionResult> {
  const document = parse(query);
  expect(validate(merged, document)).toEqual([]);
  return execute({ schema: merged, document, variableValues: variables, contextValue: adminContext() });
}

const plainly = ({ data }: ExecutionResult): unknown => JSON.parse(JSON.stringify(data ?? null));

/**
 * Our data, and the errors that only one of the two has. One difference is @apollo/gateway's and is accepted: where a
 * subgraph reports an error, it does not report the missing values that must not be null as well
 * (`tests/conformance/inherited.test.ts`).
 */
function differences(ours: ExecutionResult, plain: ExecutionResult) {
  const pathsOf = ({ errors = [] }: ExecutionResult) => errors.map(({ path }) => String(path?.join('.')));
  const [mine, theirs] = [new Set(pathsOf(ours)), new Set(pathsOf(plain))];
  const isSilent = ({ message }: Error): boolean =>
    mine.size > 0 && message.startsWith('Cannot return null for non-nullable field');
  const lost = (plain.errors ?? []).filter((error) => !mine.has(String(error.path?.join('.'))) && !isSilent(error));
  return {
    data: plainly(ours),
    invented: [...mine].filter((path) => !theirs.has(path)),
    lost: lost.map(({ path, message }) => `${path?.join('.')}: ${message}`),
  };
}
