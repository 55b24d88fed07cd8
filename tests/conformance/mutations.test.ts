/** Mutations, inputs and enums: in order, once each, and with only the parts that every subgraph knows. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { federated, type Federated } from './federated.ts';

const log: string[] = [];
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let graph: Federated;
beforeAll(async () => {
  graph = await federated({
    notes: {
      sdl: `
        enum Colour { RED GREEN }
        input NewNote { text: String! colour: Colour = GREEN  tags: [String!]! = ["new"]  at: Place }
        input Place { x: Int! = 1 }
        type Query { note: Note  painted(colour: Colour): Colour }
        type Mutation { addNote(input: NewNote!): Note }
        type Note @key(fields: "text") { text: String! colour: Colour tags: [String!]! x: Int secret: String @inaccessible }`,
      resolvers: {
        Query: { painted: (_: unknown, { colour }: { colour: string }) => colour },
        Mutation: {
          async addNote(_: unknown, { input: { at, ...note } }: { input: { text: string; at?: { x: number } } }) {
            log.push(`begin ${note.text}`);
            await later(20);
            log.push(`end ${note.text}`);
            return { ...note, x: at?.x };
          },
        },
        Note: { __resolveReference: ({ text }: { text: string }) => ({ text, tags: [] }) },
      },
    },
    words: {
      sdl: `
        type Mutation { count(text: String!): Int }
        type Note @key(fields: "text") { text: String! words: Int }`,
      resolvers: {
        Mutation: {
          count(_: unknown, { text }: { text: string }) {
            log.push(`count ${text}`);
            return text.length;
          },
        },
        Note: {
          __resolveReference: (note: object) => ({ ...note }),
          words: ({ text }: { text: string }) => text.split(' ').length,
        },
      },
    },
  });
});
afterAll(() => graph.close());
beforeEach(() => void (log.length = 0));

test('the fields of a mutation run one after the other, whichever subgraphs serve them, and each once', async () => {
  const query =
    'mutation { a: addNote(input: { text: "a" }) { text } b: count(text: "b") c: addNote(input: { text: "c" }) { text } }';
  expect(await graph.ask(query)).toEqual({ data: { a: { text: 'a' }, b: 1, c: { text: 'c' } } });
  expect(log).toEqual(['begin a', 'end a', 'count b', 'begin c', 'end c']);
});

test('a mutation whose connection was closed is not retried', async () => {
  graph.closing.add('words');
  expect(await graph.ask('mutation { count(text: "b") }')).toMatchObject({
    data: { count: null },
    errors: [{ extensions: { code: 'UNAVAILABLE' } }],
  });
  expect(log).toEqual([]);
});

test('the object that a mutation returns is joined from other subgraphs', async () => {
  const query = 'mutation ($input: NewNote!) { addNote(input: $input) { text colour tags x words } }';
  const input = { text: 'two words', at: {} };
  expect(await graph.ask(query, { input })).toEqual({
    data: { addNote: { text: 'two words', colour: 'GREEN', tags: ['new'], x: 1, words: 2 } },
  });
});

test('an enum as a variable, as its default, and in the answer', async () => {
  const query =
    'query ($given: Colour, $default: Colour = RED) { a: painted(colour: $given) b: painted(colour: $default) c: painted }';
  expect(await graph.ask(query, { given: 'GREEN' })).toEqual({ data: { a: 'GREEN', b: 'RED', c: null } });
});

test('a value that is not in the enum is refused before any subgraph is asked', async () => {
  const answer = await graph.ask('query ($given: Colour) { painted(colour: $given) }', { given: 'BLUE' });
  expect(answer.errors?.[0]?.message).toContain('BLUE');
  expect(graph.asked).toEqual([]);
});

test('an inaccessible field does not exist for clients', async () => {
  const answer = await graph.ask('{ note { secret } }');
  expect(answer.errors?.[0]?.message).toContain('Cannot query field "secret"');
  expect(graph.asked).toEqual([]);
});

test('introspection shows one schema, without its federation', async () => {
  const { data } = await graph.ask('{ __schema { types { name } } __type(name: "Note") { fields { name } } }');
  const names = data.__schema.types.map(({ name }: { name: string }) => name);
  expect(names).toContain('NewNote');
  expect(names.filter((name: string) => /^_|join__|link__|FieldSet/.test(name) && !name.startsWith('__'))).toEqual([]);
  expect(data.__type.fields.map(({ name }: { name: string }) => name).sort()).toEqual([
    'colour',
    'tags',
    'text',
    'words',
    'x',
  ]);
});
