/** Interfaces, unions, interface entities and `@interfaceObject`, over several subgraphs. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { federated, type Federated } from './federated.ts';

const BOOK = { __typename: 'Book', id: 'b1', title: 'Ulysses', pages: 730 };
const FILM = { __typename: 'Film', id: 'f1', title: 'Alien', minutes: 117 };
const typed = { __resolveType: ({ __typename }: { __typename: string }) => __typename };
const byId = ({ id }: { id: string }) => ({ ...[BOOK, FILM].find((media) => media.id === id) });

let graph: Federated;
beforeAll(async () => {
  graph = await federated({
    library: {
      sdl: `
        interface Media @key(fields: "id") { id: ID! title: String! }
        type Book implements Media @key(fields: "id") { id: ID! title: String! pages: Int! }
        type Film implements Media @key(fields: "id") { id: ID! title: String! minutes: Int! }
        type Shelf { name: String! }
        union Found = Book | Film | Shelf
        type Query { media: [Media!]!  find: [Found!]!  book: Book }`,
      resolvers: {
        Query: {
          media: () => [BOOK, FILM],
          find: () => [FILM, { __typename: 'Shelf', name: 'S' }, BOOK],
          book: () => BOOK,
        },
        Media: { ...typed, __resolveReference: byId },
        Found: typed,
        Book: { __resolveReference: byId },
        Film: { __resolveReference: byId },
      },
    },
    loans: {
      sdl: `
        type Query { lent: [Media!]! }
        type Media @interfaceObject @key(fields: "id") { id: ID! loans: Int! }`,
      resolvers: {
        Query: { lent: () => [{ id: 'f1' }, { id: 'b1' }] },
        Media: {
          __resolveReference: ({ id }: { id: string }) => ({ id }),
          loans: ({ id }: { id: string }) => id.charCodeAt(0),
        },
      },
    },
    print: {
      sdl: `
        type Book @key(fields: "id") { id: ID! edition: String }`,
      resolvers: {
        Book: {
          __resolveReference: ({ id }: { id: string }) => ({ id }),
          edition: ({ id }: { id: string }) => `edition of ${id}`,
        },
      },
    },
  });
});
afterAll(() => graph.close());

test('fields of an interface, and of its implementing types', async () => {
  const query = '{ media { __typename title ... on Book { pages edition } ... on Film { minutes } } }';
  expect(await graph.ask(query)).toEqual({
    data: {
      media: [
        { __typename: 'Book', title: 'Ulysses', pages: 730, edition: 'edition of b1' },
        { __typename: 'Film', title: 'Alien', minutes: 117 },
      ],
    },
  });
});

test('a union, its members joined from other subgraphs each', async () => {
  const query = '{ find { __typename ... on Media { title loans } ... on Shelf { name } ... on Book { edition } } }';
  expect(await graph.ask(query)).toEqual({
    data: {
      find: [
        { __typename: 'Film', title: 'Alien', loans: 102 },
        { __typename: 'Shelf', name: 'S' },
        { __typename: 'Book', title: 'Ulysses', loans: 98, edition: 'edition of b1' },
      ],
    },
  });
});

test('a field that another subgraph adds to the interface as a whole, also on its implementing types', async () => {
  expect(await graph.ask('{ media { loans } book { title loans } }')).toEqual({
    data: { media: [{ loans: 98 }, { loans: 102 }], book: { title: 'Ulysses', loans: 98 } },
  });
});

test('the implementing type of an interface object is looked up', async () => {
  const query = '{ lent { __typename id title loans ... on Film { minutes } } }';
  expect(await graph.ask(query)).toEqual({
    data: {
      lent: [
        { __typename: 'Film', id: 'f1', title: 'Alien', loans: 102, minutes: 117 },
        { __typename: 'Book', id: 'b1', title: 'Ulysses', loans: 98 },
      ],
    },
  });
});

test('one fragment on an interface, in another on a member, with conflicting aliases avoided', async () => {
  const query = `{ find { ...F } } fragment F on Found { ... on Book { size: pages } ... on Film { size: minutes } }`;
  expect(await graph.ask(query)).toEqual({ data: { find: [{ size: 117 }, {}, { size: 730 }] } });
});
