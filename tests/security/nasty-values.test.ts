/**
 * Nasty values for every field: each is answered, or refused with an error that says what is wrong with it, and never
 * with a fault of ours. AGORA_SEED draws the same again.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  getNamedType,
  getNullableType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  isCompositeType,
  isInputObjectType,
  isNonNullType,
  isRequiredInputField,
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

type Input = GraphQLArgument | GraphQLInputField;

/** A place that must not be null and has a default: names from an argument down to it, and its type. */
interface Defaulted {
  path: readonly string[];
  type: GraphQLInputType;
}

function defaultedIn({ name, type, defaultValue }: Input, depth = 0): Defaulted[] {
  const bare = getNamedType(type);
  const here = isNonNullType(type) && defaultValue !== undefined ? [{ path: [name], type }] : [];
  if (!isInputObjectType(bare) || depth > 4) return here;
  const below = Object.values(bare.getFields()).flatMap((field) => defaultedIn(field, depth + 1));
  return [...here, ...below.map((one) => ({ ...one, path: [name, ...one.path] }))];
}

/** What is given for these arguments or fields: the variable `x` at the end of the path, variables where needed. */
function givenTo(inputs: readonly Input[], [next, ...rest]: readonly string[], others: Input[]): string {
  const given = inputs.filter((one) => one.name === next || isRequiredInputField(one));
  return given
    .map((one) => {
      if (one.name !== next) return `${one.name}: $v${others.push(one) - 1}`;
      const bare = getNamedType(one.type);
      const isHere = rest.length === 0 || !isInputObjectType(bare);
      return `${one.name}: ${isHere ? '$x' : `{ ${givenTo(Object.values(bare.getFields()), rest, others)} }`}`;
    })
    .join(', ');
}

test.each(['query', 'mutation'])(
  'every place of a %s that has a default refuses null from a variable',
  async (kind) => {
    const root = kind === 'query' ? graph.schema.getQueryType()! : graph.schema.getMutationType()!;
    const [wrong, tried]: [object[], string[]] = [[], []];
    for (const field of Object.values(root.getFields())) {
      const returns = good(getNamedType(field.type).name);
      for (const { path, type } of field.args.flatMap((argument) => defaultedIn(argument))) {
        const others: Input[] = [];
        const given = givenTo(field.args, path, others);
        const declared = ['$x', ...others.map((_, n) => `$v${n}`)];
        const types = [getNullableType(type), ...others.map((one) => one.type)];
        const variables = others.map((one, n) => [`v${n}`, goodValue(one.type, one.name, returns)] as const);
        const document = `${kind} (${declared.map((name, n) => `${name}: ${String(types[n])}`).join(', ')}) {
        ${field.name}(${given}) ${isCompositeType(getNamedType(field.type)) ? '{ __typename }' : ''}
      }`;
        const { data, errors = [] } = await ask(document, { ...Object.fromEntries(variables), x: null });
        const told = errors.map(({ message, extensions }) => `${String(extensions.code)} ${message}`);
        const isRefused = told.length === 1 && told[0]!.startsWith('BAD_USER_INPUT Variable "$x" is null');
        tried.push([field.name, ...path].join('.'));
        if (!isRefused || data) wrong.push({ place: tried.at(-1), told, data });
      }
    }
    expect(wrong).toEqual([]);
    expect(tried).toContain(kind === 'query' ? 'products.orderBy.direction' : 'createProduct.input.variants.taxClass');
  },
);
