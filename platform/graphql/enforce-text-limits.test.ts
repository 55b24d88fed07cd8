import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'graphql';
import { ANONYMOUS } from '../identity/actor.ts';
import type { RequestContext } from './context.ts';
import { resolversOf } from './resolvers.ts';
import { createSubgraph } from './subgraph.ts';
import { typeDefsOf } from './type-defs.ts';

const typeDefs = typeDefsOf(`
  type Query {
    find(name: String @name(max: 5), filter: Filter, secrets: [String!] @opaque(max: 5), constructor: String @name): JSON
    node: Node
    other(name: String): JSON
  }
  type Mutation {
    make(input: MakeInput!): MakePayload
    keep(input: KeepInput!): MakePayload
  }
  type Subscription { heard(name: String! @name(max: 5)): JSON }
  type Node { under(code: String @opaque(max: 3)): JSON }
  type MakePayload { made: JSON userErrors: [UserError!]! }
  input Filter { text: String @text(max: 5) }
  input MakeInput {
    name: String! @name(max: 5)
    note: String @text(min: 0, max: 8)
    motto: String! = "  go  " @name
    token: String @opaque(max: 4)
    long: String @text(min: 3, max: 4)
    tags: [String] @name(max: 5)
    grid: [[String!]] @text(max: 2)
    parts: [PartInput!]
    free: String
    count: Int
  }
  input PartInput { name: String! @name(max: 5) within: PartInput parts: [PartInput!] whole: MakeInput }
  input KeepInput { free: String keeps: KeepInput }
`);

/** What the resolvers were called with. */
let seen: Record<string, unknown>[];
beforeEach(() => {
  seen = [];
});

const resolved = (_: unknown, args: Record<string, unknown>) => {
  seen.push(args);
  return JSON.parse(JSON.stringify(args));
};
const changed = (_: unknown, args: Record<string, unknown>) => ({ made: resolved(_, args), userErrors: [] });
const subgraph = createSubgraph(
  'small',
  typeDefs,
  resolversOf(typeDefs, {
    Query: { find: resolved, other: resolved, node: () => ({}) },
    Mutation: { make: changed, keep: changed },
    Node: { under: resolved },
    Subscription: {
      heard: {
        async *subscribe(_: unknown, args: Record<string, unknown>) {
          seen.push(args);
          yield { heard: args.name };
        },
      },
    },
  }),
);
const context: RequestContext = { actor: ANONYMOUS, correlationId: 'req_1' };
const ask = (query: string, variables: Record<string, unknown> = {}) => subgraph.execute({ query, variables }, context);

const MAKE = 'mutation ($input: MakeInput!) { make(input: $input) { made userErrors { code message path } } }';
const make = async (input: object) => {
  const { data, errors } = await ask(MAKE, { input });
  expect(errors).toBeUndefined();
  return (data as any).make as { made: { input: object } | null; userErrors: { path: string[]; message: string }[] };
};
const errorAt = (path: string, message: RegExp = /\.$/) => ({
  code: 'INVALID_INPUT',
  message: expect.stringMatching(message),
  path: ['input', ...path.split('.')],
});

describe('a mutation', () => {
  test('gets texts within their limits as they are, names without the blanks around them, and defaults too', async () => {
    const input = {
      name: ' Ada\t',
      note: ' a\n b ',
      token: '\0\u202e ',
      tags: [' x ', null],
      free: ' free ',
      count: 1,
    };
    const parts = [{ name: 'a ', within: { name: ' b' }, parts: [] }, { name: 'c' }];
    expect(await make({ ...input, grid: [['a', ' b'], null], parts })).toEqual({
      made: {
        input: {
          ...input,
          name: 'Ada',
          motto: 'go',
          tags: ['x', null],
          grid: [['a', ' b'], null],
          parts: [{ name: 'a', within: { name: 'b' }, parts: [] }, { name: 'c' }],
        },
      },
      userErrors: [],
    });
  });

  test.each([['absent', {}] as const, ['null', { note: null, tags: null, parts: null }] as const])(
    'is carried out where a text that may be is %s',
    async (_, optional) => {
      expect((await make({ name: 'Ada', ...optional })).userErrors).toEqual([]);
      expect(seen).toEqual([{ input: { name: 'Ada', motto: 'go', ...optional } }]);
    },
  );

  test('leaves what the caller gave as it was', async () => {
    const input = { name: ' Ada ', parts: [{ name: ' b ' }] };
    await make(input);
    expect(input).toEqual({ name: ' Ada ', parts: [{ name: ' b ' }] });
  });

  test.each([
    ['name', { name: ' abcdef ' }, /^This needs 1 to 5 characters\.$/],
    ['name', { name: ' \u200b' }, /of which one can be seen/],
    ['name', { name: 'a\nb' }, /one line/],
    ['name', { name: 'a\0b' }, /cannot be stored/],
    ['note', { note: 'x'.repeat(9) }, /^This has at most 8 characters\.$/],
    ['note', { note: 'a\u0007' }, /control characters/],
    ['motto', { motto: '' }, /1 to 200/],
    ['token', { token: 'abcde' }, /^This has at most 4 characters\.$/],
    ['long', { long: 'ab' }, /^This needs 3 to 4 characters\.$/],
    ['long', { long: '😀😀' }, /^This needs 3 to 4 characters\.$/],
    ['tags.2', { tags: ['a', null, ''] }, /1 to 5/],
    ['tags.0', { tags: 'abcdef' }, /1 to 5/],
    ['grid.1.0', { grid: [null, ['abc']] }, /1 to 2/],
    ['parts.1.name', { parts: [{ name: 'a' }, { name: '' }] }, /1 to 5/],
    ['parts.0.within.within.name', { parts: [{ name: 'a', within: { name: 'b', within: { name: '' } } }] }, /1 to 5/],
    ['parts.0.whole.parts.0.name', { parts: [{ name: 'a', whole: { name: 'b', parts: { name: '' } } }] }, /1 to 5/],
  ])('is refused with a user error at %s, and its resolver is not called: %#', async (path, change, message) => {
    expect(await make({ name: 'Ada', ...change })).toEqual({ made: null, userErrors: [errorAt(path, message)] });
    expect(seen).toEqual([]);
  });

  test('is refused with all that is wrong, in the order of the schema', async () => {
    const input = { parts: [{ name: '' }, { name: 'b' }, { name: 'abcdef' }], token: 'abcde', name: '', note: 'fine' };
    expect((await make(input)).userErrors).toEqual(
      ['name', 'token', 'parts.0.name', 'parts.2.name'].map((path) => errorAt(path)),
    );
    expect(seen).toEqual([]);
  });

  test('is refused with the first 100 errors of many', async () => {
    const { userErrors } = await make({ name: 'Ada', parts: Array.from({ length: 5000 }, () => ({ name: '' })) });
    expect(userErrors).toHaveLength(100);
    expect(userErrors.at(-1)).toEqual(errorAt('parts.99.name'));
    expect(seen).toEqual([]);
  });

  test('is checked alike where its texts stand in the document, and under an alias', async () => {
    const query = `mutation ($t: String) {
      one: make(input: { name: " b ", tags: "c " }) { made userErrors { path } }
      two: make(input: { name: "Ada", token: $t, parts: { name: "" } }) { made userErrors { path } }
    }`;
    const { data } = await ask(query, { t: 'abcde' });
    expect(data).toEqual({
      one: { made: { input: { name: 'b', motto: 'go', tags: ['c'] } }, userErrors: [] },
      two: {
        made: null,
        userErrors: [{ path: ['input', 'token'] }, { path: ['input', 'parts', '0', 'name'] }],
      },
    });
    expect(seen).toHaveLength(1);
  });

  test('says nothing of what is opaque', async () => {
    const answer = await make({ name: 'Ada', token: 'hunter2' });
    expect(answer.userErrors).toHaveLength(1);
    expect(JSON.stringify(answer)).not.toContain('hunter2');
  });

  test('without a limit gets what it was given', async () => {
    const input = { free: 'x'.repeat(100_000), keeps: { free: ' ' } };
    const { data } = await ask('mutation ($i: KeepInput!) { keep(input: $i) { made } }', { i: input });
    expect(data).toEqual({ keep: { made: { input } } });
  });

  test('gets no text that is over its limit, whatever it is sent', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 12 });
    const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
    const { part } = fc.letrec((tie) => ({
      part: fc.record({
        name: text,
        within: fc.option(tie('part'), { nil: undefined, maxDepth: 3 }),
        parts: maybe(fc.array(tie('part'), { maxLength: 3, depthIdentifier: 'part', size: 'small' })),
      }),
    }));
    const input = fc.record({
      name: text,
      note: maybe(text),
      token: maybe(text),
      tags: maybe(fc.array(text, { maxLength: 3 })),
      grid: maybe(fc.array(fc.array(text, { maxLength: 2 }), { maxLength: 2 })),
      parts: maybe(fc.array(part, { maxLength: 2 })),
    });
    const longest = (value: any, limits: Record<string, number>): boolean =>
      Object.entries(limits).every(([field, max]) =>
        [value[field]].flat(3).every((one) => one == null || Array.from(one as string).length <= max),
      );
    const isWithin = (value: any): boolean =>
      longest(value, { name: 5, note: 8, token: 4, tags: 5, grid: 2 }) &&
      [value.within, ...(value.parts ?? [])].every((one) => one == null || isWithin(one));
    await fc.assert(
      fc.asyncProperty(input, async (given) => {
        seen = [];
        const { made, userErrors } = await make(given);
        expect(seen).toHaveLength(userErrors.length > 0 ? 0 : 1);
        expect(made === null).toBe(userErrors.length > 0);
        for (const { input: reached } of seen) expect(isWithin(reached)).toBe(true);
      }),
    );
  });
});

describe('any other field', () => {
  test('is answered with an error that says where, and its resolver is not called', async () => {
    const query = '{ find(name: "abcdef", filter: { text: "" }, secrets: ["a", "hunter2"]) }';
    const { data, errors } = await ask(query);
    expect(data).toEqual({ find: null });
    expect(errors).toHaveLength(1);
    expect(errors![0]!.extensions.code).toBe('BAD_USER_INPUT');
    for (const part of ['`name`: This needs', '`filter.text`: This needs', '`secrets.1`: This has at most 5'])
      expect(errors![0]!.message).toContain(part);
    expect(JSON.stringify(errors)).not.toContain('hunter2');
    expect(seen).toEqual([]);
  });

  test('gets a name without the blanks around it, compiled or not', async () => {
    await ask('{ find(name: " a ") }');
    await ask('query ($f: Filter) { find(name: " b ", filter: $f) }', { f: { text: 'c ' } });
    expect(seen).toEqual([{ name: 'a' }, { name: 'b', filter: { text: 'c ' } }]);
  });

  test('is checked below the root as well', async () => {
    const { data, errors } = await ask('{ node { a: under(code: "abc") b: under(code: "abcd") } }');
    expect(data).toEqual({ node: { a: { code: 'abc' }, b: null } });
    expect(errors).toMatchObject([{ path: ['node', 'b'], extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  test('is not opened, where it is a subscription', async () => {
    const open = (name: string) =>
      subgraph.subscribe({ query: 'subscription ($n: String!) { heard(name: $n) }', variables: { n: name } }, context);
    expect(await open('abcdef')).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    expect(seen).toEqual([]);
    expect(await Array.fromAsync((await open(' a ')) as AsyncIterable<unknown>)).toEqual([{ data: { heard: 'a' } }]);
  });
});

describe('a schema is not built', () => {
  test.each([
    ['a: ID @name', /MakeInput\.a is ID: @name limits a String/],
    ['a: [Int!] @text', /MakeInput\.a is \[Int!\]: @text limits a String/],
    ['a: MakeInput @opaque(max: 5)', /limits a String/],
    ['a: String @name @text', /^a: @name and @text cannot both limit one text/],
    ['a: String @text(min: 5, max: 4)', /^a: @text has a length that no text can have/],
    ['a: String @opaque(max: 0)', /@opaque has a length/],
    ['a: String @name(max: "5")', /@name has a length/],
    ['a: String @text(min: -1)', /@text has a length/],
  ])('with a limit that cannot be kept: %s', (field, message) => {
    const sdl = `type Query { a: Int } type Mutation { make(input: MakeInput!): Int } input MakeInput { ${field} }`;
    expect(() => {
      const whole = typeDefsOf(sdl);
      createSubgraph('small', whole, resolversOf(whole, {}));
    }).toThrow(message);
  });

  test('otherwise it may be one that knows nothing of limits', () => {
    expect(() => createSubgraph('bare', parse('type Query { a(name: String): Int }'), {})).not.toThrow();
  });
});
