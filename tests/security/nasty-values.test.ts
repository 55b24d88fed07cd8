/**
 * Nasty values for every field: each is answered, or refused with an error that says what is wrong with it, and never
 * with a fault of ours. AGORA_SEED draws the same again.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLField,
  isCompositeType,
  isNonNullType,
  isObjectType,
  parse,
} from 'graphql';
import { createGraphVersion, type GraphVersion } from '../../gateway/graph/graph-version.ts';
import { graphOf } from '../../gateway/graph/graph.ts';
import type { LiveUpdates } from '../../gateway/live/live-updates.ts';
import { CLIENT_CODES, createErrorMask } from '../../gateway/operations/mask-error.ts';
import { createOperations, type Operations } from '../../gateway/operations/operations.ts';
import { silentLogger } from '../../platform/log.ts';
import { valuesOf } from '../federation/values.ts';
import { adminContext, idsIn, openWorld } from '../federation/world.ts';
import type { TestAgents } from '../support/agents.ts';
import { goodValue, nastyValues } from '../support/nasty-values.ts';
import { Chance } from '../support/random.ts';

const SEED = Number(process.env.AGORA_SEED ?? Math.floor(Math.random() * 1e6));
/** Number of values that are tried for each root field. */
const TRIES = Number(process.env.AGORA_OPERATIONS ?? 8);

/** Not needed: nothing is subscribed to. */
const noLiveUpdates = undefined as unknown as LiveUpdates;

let agents: TestAgents;
let graph: GraphVersion;
let ids: ReadonlyMap<string, readonly string[]>;
let operations: Operations;

beforeAll(async () => {
  agents = await openWorld();
  graph = await createGraphVersion(graphOf(agents.host.subgraphs), { policies: {}, onError: () => {} });
  operations = createOperations(graph, noLiveUpdates, createErrorMask(silentLogger));
  ids = await idsIn(graph.schema, (query) => ask(query, {}));
});
afterAll(async () => {
  await graph?.retire();
  await agents?.close();
});

async function ask(query: string, variables: Record<string, unknown>) {
  const document = parse(query, { noLocation: true });
  expect(graph.validate(document)).toEqual([]);
  const { actor, correlationId } = adminContext();
  return operations.execute({ document, variables, caller: { actor: () => actor, correlationId } });
}

type Root = GraphQLField<unknown, unknown>;

/** The field with variables for its arguments, and a selection that every object has. */
function documentOf(kind: string, { name, type, args }: Root): string {
  const declared = args.map((argument) => `$${argument.name}: ${String(argument.type)}`);
  const given = args.map((argument) => `${argument.name}: $${argument.name}`);
  const list = (parts: string[]): string => (parts.length > 0 ? `(${parts.join(', ')})` : '');
  const named = getNamedType(type);
  const isPayload = isObjectType(named) && named.getFields().userErrors !== undefined;
  const selection = isCompositeType(named) ? ` { __typename ${isPayload ? 'userErrors { code message }' : ''} }` : '';
  return `${kind} ${list(declared)} { ${name}${list(given)}${selection} }`;
}

const good =
  (returns: string) =>
  (scalar: string, name: string): unknown =>
    name === 'idempotencyKey' ? `nasty ${keys++}` : valuesOf(ids)(scalar, name, returns)[0];
let keys = 0;

/** The required arguments, and one of all with a nasty value. */
function variablesOf({ args, type }: Root, argument: GraphQLArgument, value: unknown): Record<string, unknown> {
  const needed = args.filter((one) => one !== argument && isNonNullType(one.type));
  const returns = getNamedType(type).name;
  const rest = needed.map((one) => [one.name, goodValue(one.type, one.name, good(returns))] as const);
  return { ...Object.fromEntries(rest), [argument.name]: value };
}

test.each(['query', 'mutation'])('every field of a %s, with a nasty value in each place', async (kind) => {
  const root = kind === 'query' ? graph.schema.getQueryType()! : graph.schema.getMutationType()!;
  const [chance, wrong] = [new Chance(SEED), [] as object[]];
  let asked = 0;
  for (const field of Object.values(root.getFields())) {
    const returns = good(getNamedType(field.type).name);
    const all = field.args.flatMap((argument) =>
      nastyValues(argument.type, argument.name, returns).map((value) => variablesOf(field, argument, value)),
    );
    for (const variables of all.length > TRIES ? chance.some(all, TRIES) : all) {
      asked += 1;
      const { errors = [] } = await ask(documentOf(kind, field), variables);
      const ours = errors.filter(({ extensions }) => !CLIENT_CODES.has(String(extensions.code)));
      const told = ours.map(({ message, extensions }) => ({ message, extensions }));
      if (told.length > 0) wrong.push({ field: field.name, variables: JSON.stringify(variables).slice(0, 500), told });
    }
  }
  process.stdout.write(`${asked} nasty ${kind} fields: AGORA_SEED=${SEED}\n`);
  expect({ seed: SEED, wrong }).toEqual({ seed: SEED, wrong: [] });
  const open = Object.values(root.getFields()).filter(({ args }) => args.length > 0);
  expect(open.length).toBeGreaterThan(20);
  expect(asked).toBeGreaterThanOrEqual(open.length);
});
