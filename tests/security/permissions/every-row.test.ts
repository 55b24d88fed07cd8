/**
 * Permissions of rows, over the whole graph as it is composed now. Every root field of queries is asked by every asker
 * for their own things and for others', with everything below it that can be selected; every entity of every agent by
 * its reference; every subscription. No answer may hold a text that is not for the asker, by whichever path.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  buildSchema,
  type GraphQLInterfaceType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isUnionType,
} from 'graphql';
import { prefixOf } from '../../../platform/ids.ts';
import { loadRooms } from '../../../tools/codegen/rooms.ts';
import { composeContract } from '../../../tools/schema/contract.ts';
import { type EmbeddedPlatform, openEmbedded } from '../../support/platform.ts';
import { withoutRowSecurity } from '../../support/without-row-security.ts';
import { type Asking, askings, knownIn, nodesOf } from './asked.ts';
import { declarations, passes } from './oracle.ts';
import { exceptions } from './room-worlds.ts';
import { callOf, head } from './samples.ts';
import { everythingOf } from './selections.ts';
import { type Asker, owns, sees, type Thing, unknownTo } from './things.ts';
import { makeWorld, type World } from './world.ts';

const rooms = loadRooms();
const contract = composeContract(rooms);
const schema: GraphQLSchema = buildSchema(contract.api, { assumeValid: true });
const declared = declarations(contract.outputs[0]!.text!);

let shop: EmbeddedPlatform;
let world: World;
beforeAll(async () => {
  shop = await openEmbedded();
  await withoutRowSecurity(shop.kysely);
  world = await makeWorld(shop);
});
afterAll(() => shop?.close());

/** Whether the asker may ask the field. An interface has no decision: that of the named thing's type counts. */
const isOpen = (who: Asker, { field: { name, type }, naming, isItself }: Asking): boolean =>
  [`Query.${name}`, getNamedType(type).name, ...(isItself ? [naming!.thing.type] : [])].every((coordinate) =>
    passes(who, declared.get(coordinate)),
  );

/** Whether the thing that the question names, if any, is for the asker. */
const isNamedTo = (who: Asker, { naming }: Asking): boolean => !naming || sees(who, naming.thing);

const sentence = (who: Asker, { field, naming }: Asking): string =>
  `${who.name} asks ${field.name}${naming ? ` with ${naming.arg} of ${JSON.stringify(naming.thing.of)} ${naming.thing.type}` : ''}`;

/** Secrets in the answer that the asker must not know; those in the question are known already. */
const leaks = (answer: unknown, who: Asker, given: readonly (string | undefined)[]): string[] => {
  const text = JSON.stringify(answer ?? null);
  return unknownTo(who, world.things).filter(
    (secret) => text.includes(secret) && !given.some((value) => value?.includes(secret)),
  );
};

async function ask(one: Asking, who: Asker, selection: { text: string; declared: string[]; variables: object }) {
  const call = callOf(one.field, 'a', knownIn(one));
  const query = `${head('query', [...call.declared, ...selection.declared])} { asked: ${call.text} ${selection.text} }`;
  return shop.ask(query, { ...call.variables, ...selection.variables }, who.actor);
}

/**
 * The selection of everything below a field. Of an interface only the named thing's type: all of all types would be
 * more than one may ask at once.
 */
function everythingBelow({ field, naming }: Asking) {
  const type = getNamedType(field.type);
  if (!isInterfaceType(type)) return everythingOf(schema, type, nodesOf(schema, field) ? 4 : 3);
  const own = schema.getType(naming!.thing.type)!;
  const everything = everythingOf(schema, own, 3);
  return { ...everything, text: `{ __typename id ... on ${own.name} ${everything.text} }` };
}

const LISTS_OF_OWN = exceptions('listsOfOwn');
const LISTS_OF_SOME = exceptions('listsOfSome');
const KNOWN_CODES = ['FORBIDDEN', 'UNAUTHENTICATED'];
const typename = { text: '{ __typename }', declared: [], variables: {} };
const queries = () => askings(schema, schema.getQueryType()!, world.things);
const isLeaf = ({ field }: Asking): boolean =>
  !('getFields' in getNamedType(field.type)) && !isUnionType(getNamedType(field.type));

/** The file that is to make a thing of this type: that of the room which defines the most of it. */
const worldOf = (type: string): string => {
  const fields = ({ own }: (typeof rooms)[number]): number =>
    own.definitions.reduce((n, node) => {
      const isIt = node.kind === 'ObjectTypeDefinition' && node.name.value === type;
      return isIt ? (node.fields?.length ?? 0) : n;
    }, 0);
  return `subgraphs/${rooms.toSorted((a, b) => fields(b) - fields(a))[0]!.name}/world.ts`;
};

describe('the world of the walk', () => {
  test('holds a thing of every type that an id can name', () => {
    const kinds = Object.values(schema.getTypeMap()).filter((type) =>
      new RegExp(`^type ${type.name}\\b[^{]*key: "id"`, 'm').test(contract.outputs[0]!.text!),
    );
    const missing = kinds.map(({ name }) => name).filter((name) => !world.things.some(({ type }) => type === name));
    expect(kinds.length).toBeGreaterThan(10);
    expect(missing.map((name) => `${worldOf(name)} makes no ${name}`)).toEqual([]);
  });

  test('is found by its id alone, if that has a prefix', () => {
    const nodes = schema.getPossibleTypes(schema.getType('Node') as GraphQLInterfaceType).map(({ name }) => name);
    const entities = shop.agents.host.subgraphs.flatMap(({ schema: own }) => {
      const union = own.getType('_Entity');
      return isUnionType(union) ? union.getTypes().map(({ name }) => name) : [];
    });
    const named = world.things.filter(({ type, id }) => entities.includes(type) && prefixOf(id));
    expect(new Set(named.map(({ type }) => type)).size).toBeGreaterThan(8);
    expect(named.filter(({ type }) => !nodes.includes(type)).map(({ type }) => type)).toEqual([]);
  });

  test('reaches every query that takes the id of something', () => {
    const asked = new Set(queries().map(({ field }) => field.name));
    const all = Object.keys(schema.getQueryType()!.getFields());
    expect(all.filter((name) => !asked.has(name))).toEqual([]);
  });
});

describe('a query', () => {
  test('finds things that are for the asker, and no others', async () => {
    const wrong: string[] = [];
    for (const one of queries().filter(({ isItself }) => isItself)) {
      for (const who of world.askers) {
        const asked = (await ask(one, who, typename)).data?.asked;
        const found = (Array.isArray(asked) ? asked[0] : asked) !== null;
        const expected = isOpen(who, one) && sees(who, one.naming!.thing);
        if (found !== expected) wrong.push(`${sentence(who, one)}: ${found ? 'found' : 'not found'}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('tells no asker what is not for them, however deep it is asked', async () => {
    const wrong: string[] = [];
    for (const one of queries().filter((asking) => !isLeaf(asking))) {
      const everything = everythingBelow(one);
      for (const who of world.askers) {
        const { data, errors = [] } = await ask(one, who, everything);
        for (const secret of leaks(data, who, [one.naming?.value]))
          wrong.push(`${sentence(who, one)}: is told ${secret}`);
        for (const { message, extensions } of errors)
          if (!KNOWN_CODES.includes(extensions?.code ?? '')) wrong.push(`${sentence(who, one)}: ${message}`);
      }
    }
    expect([...new Set(wrong)]).toEqual([]);
  });

  test('lists and counts things that are for the asker, and no others', async () => {
    const page = {
      text: '{ totalCount nodes { ... on Node_ { id } } edges { cursor node { __typename } } }',
      declared: [],
      variables: {},
    };
    const wrong: string[] = [];
    for (const one of queries().filter(({ field }) => nodesOf(schema, field))) {
      const node = nodesOf(schema, one.field)!;
      const things = world.things.filter(({ type }) => type === node.name);
      const id = 'id' in node.getFields() ? 'id' : '__typename';
      for (const who of world.askers) {
        const text = page.text.replace('... on Node_ { id }', id);
        const known = (name: string, type: never) => (name === 'first' ? 100 : knownIn(one)(name, type));
        const call = callOf(one.field, 'a', known as never);
        const query = `${head('query', call.declared)} { asked: ${call.text} ${text} }`;
        const { data } = await shop.ask(query, call.variables, who.actor);
        if (!data?.asked) {
          if (isOpen(who, one) && isNamedTo(who, one)) wrong.push(`${sentence(who, one)}: no list`);
          continue;
        }
        const { totalCount, nodes, edges } = data.asked;
        // A filter by a thing that one may not see would tell which of one's own belong to it.
        if (!isNamedTo(who, one) && totalCount > 0)
          wrong.push(`${sentence(who, one)}: counts ${totalCount} of what is not theirs to see`);
        if (totalCount !== nodes.length || edges.length !== nodes.length)
          wrong.push(`${sentence(who, one)}: counts ${totalCount}, shows ${nodes.length}`);
        if (one.naming) continue;
        for (const thing of things) {
          const isListed = nodes.some((row: { id?: string }) => row.id === thing.id);
          if (!isListed && LISTS_OF_SOME.includes(one.field.name)) continue;
          const expected = LISTS_OF_OWN.includes(one.field.name) ? owns(who, thing) : sees(who, thing);
          if (id === 'id' && isListed !== expected && thing.of !== 'nobody')
            wrong.push(
              `${sentence(who, one)}: ${thing.type} of ${JSON.stringify(thing.of)} ${isListed ? 'is' : 'is not'} listed`,
            );
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe('an entity', () => {
  test('is resolved by its reference for those who may see it, in every agent', async () => {
    const wrong: string[] = [];
    for (const { name, schema: own } of shop.agents.host.subgraphs) {
      const entities = own.getType('_Entity');
      for (const type of isUnionType(entities) ? entities.getTypes() : []) {
        const everything = everythingOf(own, type, 2);
        const query = `${head('query', ['$r: [_Any!]!', ...everything.declared])} { _entities(representations: $r) { ... on ${type.name} ${everything.text} } }`;
        for (const thing of world.things.filter((candidate) => candidate.type === type.name)) {
          for (const who of world.askers) {
            const variables = { ...everything.variables, r: [{ __typename: type.name, id: thing.id }] };
            const { data } = await shop.agents.ask(name, query, variables, who.actor);
            for (const secret of leaks(data, who, [thing.id]))
              wrong.push(`${who.name} refers to ${type.name} in ${name}: is told ${secret}`);
            if (!sees(who, thing) && isTold(data?._entities?.[0], thing, type.name))
              wrong.push(
                `${who.name} refers to ${type.name} in ${name}: is told ${JSON.stringify(data?._entities?.[0])}`,
              );
          }
        }
      }
    }
    expect([...new Set(wrong)]).toEqual([]);
  });
});

/**
 * Whether an entity tells something. A variant's price and stock are no secret to those who know its id: old orders
 * name it, drafts nobody.
 */
const isTold = (entity: Record<string, unknown> | null | undefined, { id }: Thing, type: string): boolean =>
  type !== 'ProductVariant' &&
  Object.entries(entity ?? {}).some(
    ([key, value]) => key !== '__typename' && value !== id && value !== null && JSON.stringify(value) !== '[]',
  );
