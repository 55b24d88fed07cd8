/**
 * Permissions of changes, over the whole graph as it is composed now: every mutation whose input names something is
 * asked for things that the asker may not change. It must be refused, tell nothing, and change nothing.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  buildSchema,
  getNamedType,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLObjectType,
  isInputObjectType,
} from 'graphql';
import { loadRooms } from '../../../tools/codegen/rooms.ts';
import { composeContract } from '../../../tools/schema/contract.ts';
import { type EmbeddedPlatform, openEmbedded } from '../../support/platform.ts';
import { isNamedBy } from './asked.ts';
import { declarations, passes } from './oracle.ts';
import { exceptions } from './room-worlds.ts';
import { callOf, head } from './samples.ts';
import { everythingOf } from './selections.ts';
import { type Asker, owns, type Thing, unknownTo } from './things.ts';
import { makeWorld, type World } from './world.ts';

const rooms = loadRooms();
const contract = composeContract(rooms);
const schema = buildSchema(contract.api, { assumeValid: true });
const declared = declarations(contract.outputs[0]!.text!);
const mutations = Object.values(schema.getMutationType()!.getFields());

let shop: EmbeddedPlatform;
let world: World;
beforeAll(async () => {
  shop = await openEmbedded();
  world = await makeWorld(shop);
});
afterAll(() => shop?.close());

const inputOf = (mutation: GraphQLField<unknown, unknown>): GraphQLInputObjectType | undefined => {
  const type = mutation.args[0] && getNamedType(mutation.args[0].type);
  return isInputObjectType(type) ? type : undefined;
};

const isId = ({ type }: GraphQLInputField): boolean =>
  getNamedType(type).name === 'ID' && !String(type).startsWith('[');

/**
 * The things that a field of an input can name. `id` is of what the mutation is called after: `removeAddress` removes a
 * CustomerAddress.
 */
function thingsNamed(mutation: GraphQLField<unknown, unknown>, field: GraphQLInputField): Thing[] {
  if (field.name !== 'id') return world.things.filter(({ type }) => isNamedBy(field.name, type));
  const noun = mutation.name.replace(/^[a-z]+/, '');
  return world.things.filter(({ type }) => type.endsWith(noun) || noun.startsWith(type));
}

/** A mutation that all may use on a thing that all may see changes something else of it: a cart. */
const isForAll = ({ name }: GraphQLField<unknown, unknown>): boolean => declared.get(`Mutation.${name}`)!.isPublic;

const agentOf = (mutation: string): string =>
  rooms.find(
    ({ schema: own }) => mutation in ((own.getType('Mutation') as GraphQLObjectType | undefined)?.getFields() ?? {}),
  )!.name;

const isOpen = (who: Asker, { name, type }: GraphQLField<unknown, unknown>): boolean =>
  passes(who, declared.get(`Mutation.${name}`)) && passes(who, declared.get(getNamedType(type).name));

/**
 * Whether the asker may change the thing: its owner, and staff who may change things of the business, which no merchant
 * may.
 */
const mayChange = (who: Asker, thing: Thing, mutation: GraphQLField<unknown, unknown>): boolean =>
  isOpen(who, mutation) &&
  (owns(who, { ...thing, of: thing.keptBy ?? thing.of }) ||
    (who.may(`${agentOf(mutation.name)}:write`) && !who.actor?.roles.has('MERCHANT')));

interface Attempt {
  mutation: GraphQLField<unknown, unknown>;
  field: GraphQLInputField;
  thing: Thing;
  who: Asker;
}

const references = exceptions('references');

const attempts = (): Attempt[] =>
  distinct(
    mutations.flatMap((mutation) =>
      Object.values(inputOf(mutation)?.getFields() ?? {})
        .filter(isId)
        .flatMap((field) => thingsNamed(mutation, field).map((thing) => ({ mutation, field, thing })))
        .filter(
          ({ thing, mutation, field }) =>
            thing.of !== 'nobody' ||
            (thing.keptBy && !isForAll(mutation) && !references.includes(`${mutation.name}.${field.name}`)),
        )
        .flatMap((one) => world.askers.map((who) => ({ ...one, who })))
        .filter(({ who, thing }) => !mayChange(who, thing, mutation)),
    ),
  );

/** The attempts, and of those that the gate refuses for whatever thing, one for each asker. */
function distinct(all: readonly Attempt[]): Attempt[] {
  const known = new Set<string>();
  return all.filter(({ mutation, field, who }) => {
    const key = `${mutation.name}.${field.name} ${who.name}`;
    return isOpen(who, mutation) || (!known.has(key) && known.add(key));
  });
}

/** Any other thing that the input names is one that all may use. */
const known =
  ({ field, thing }: Attempt) =>
  (name: string, type: GraphQLInputType): unknown => {
    if (name === field.name) return thing.id;
    if (name === 'email') return 'walker@example.com';
    if (getNamedType(type).name !== 'ID' || String(type).startsWith('[')) return undefined;
    const usable = world.things.filter((other) => other.of === 'nobody' && isNamedBy(name, other.type));
    return usable.at(name.startsWith('to') ? -1 : 0)?.id;
  };

async function attempt(one: Attempt) {
  const { mutation, who } = one;
  const call = callOf(mutation, 'a', known(one));
  const payload = everythingOf(schema, getNamedType(mutation.type), 1);
  const query = `${head('mutation', [...call.declared, ...payload.declared])} { asked: ${call.text} ${payload.text} }`;
  const { data, errors } = await shop.ask(query, { ...call.variables, ...payload.variables }, who.actor);
  const codes = [
    ...(errors ?? []).map(({ extensions }) => extensions?.code),
    ...(data?.asked?.userErrors ?? []).map(({ code }: { code: string }) => code),
  ];
  const secrets = unknownTo(who, world.things).filter(
    (secret) => secret !== one.thing.id && JSON.stringify(data ?? null).includes(secret),
  );
  return { codes, secrets };
}

/** All events but those of agents about themselves. */
const facts = async (): Promise<string[]> =>
  (await shop.agents.events())
    .filter(({ type }) => !type.startsWith('agent.'))
    .map(({ type, aggregate_id }) => `${type} ${aggregate_id}`);

/** Codes of refusals: not signed in, not permitted, not found. */
const NO = ['UNAUTHENTICATED', 'FORBIDDEN', 'NOT_FOUND', 'VARIANT_NOT_FOUND'];

test('every mutation that names something names a thing of the world', () => {
  const named = mutations.flatMap((mutation) =>
    Object.values(inputOf(mutation)?.getFields() ?? {})
      .filter((field) => isId(field) && field.name === 'id')
      .filter((field) => thingsNamed(mutation, field).length === 0)
      .map(() => mutation.name),
  );
  const fromOutside = exceptions('mutationsOfOutsideThings');
  expect(named.filter((name) => !fromOutside.includes(name))).toEqual([]);
});

test('a change of a thing that the asker may not change is refused, and nothing happens', async () => {
  const before = await facts();
  const wrong: string[] = [];
  const all = attempts();
  expect(all.length).toBeGreaterThan(200);
  for (const one of all) {
    const { codes, secrets } = await attempt(one);
    const what = `${one.who.name} asks ${one.mutation.name} with ${one.field.name} of ${JSON.stringify(one.thing.of)}`;
    if (codes.length === 0 || !codes.every((code) => NO.includes(String(code))))
      wrong.push(`${what}: ${codes.join(' ') || 'done'}`);
    for (const secret of secrets) wrong.push(`${what}: is told ${secret}`);
  }
  expect([...new Set(wrong)]).toEqual([]);
  expect(await facts()).toEqual(before);
});
