import { describe, expect, test } from '@jest/globals';
import { readRoom, type Room } from '../../tools/codegen/rooms.ts';
import { lintSchema } from '../../tools/lint-schema/lint.ts';

const room = (name: string, sdl: string): Room => ({ name, directory: '', ...readRoom(sdl) });

const OWNER = `
  type Query {
    "One."
    product("Which." id: ID!): Product @public
    "Many."
    products("How many." first: Int, "From where." after: String, "Which." filter: ProductFilter): ProductConnection @public
  }
  type Mutation {
    "Makes one."
    createProduct(input: CreateProductInput!): ProductPayload @requiresScopes(scopes: [["product:write"]])
    "For agents."
    reserveProduct(input: CreateProductInput!): ProductPayload @inaccessible @requiresScopes(scopes: [["product:command"]])
  }
  "A product."
  type Product @key(fields: "id") @public {
    "Its id."
    id: ID!
    "Its name."
    name: String!
  }
  "A page."
  type ProductConnection @public {
    "Products."
    nodes: [Product!]!
  }
  "A new one."
  input CreateProductInput {
    "Its name."
    name: String! @name
    "Its parts."
    parts: [NewPartInput!]
    "The same again makes no other."
    idempotencyKey: String!
  }
  "A part."
  input NewPartInput {
    "Its labels."
    labels: [String!] @text
  }
  "Which ones."
  input ProductFilter {
    "So called."
    name: String
  }
  "What became of it."
  type ProductPayload @public {
    "It."
    product: Product
    "Why not."
    userErrors: [UserError!]!
  }
  "In which state."
  enum ProductState {
    "For sale."
    FOR_SALE
  }
`;

const GUEST = `
  type Query {
    "A review."
    review: Review @authenticated
  }
  type Product @key(fields: "id") @public {
    id: ID!
    "How it is liked."
    rating: Float
  }
  "An opinion."
  type Review @authenticated {
    "Of what."
    product: Product
    "And similar ones."
    others: [Product]!
  }
`;

const lint = (owner = OWNER, guest = GUEST): string[] =>
  lintSchema([room('product', owner), room('review', guest)]).map(
    (problem) => `${problem.room}: ${problem.coordinate}: ${problem.message}`,
  );

/** The schema with one thing changed. Fails if there is no such thing, so that no test checks nothing. */
function change(sdl: string, from: string, to: string): string {
  if (!sdl.includes(from)) throw new Error(`there is no ${from}`);
  return sdl.replace(from, to);
}

test('a schema in order has no problems', () => {
  expect(lint()).toEqual([]);
});

test('a connection that is derived is in order, and a mistake in the field that names it is named', () => {
  const written = OWNER.slice(OWNER.indexOf('  "A page."'), OWNER.indexOf('  "A new one."'));
  const derived = change(OWNER, written, '');
  expect(lint(derived)).toEqual([]);
  expect(lint(change(derived, ', "From where." after: String', ''))).toEqual([
    expect.stringContaining('product: Query.products: is a connection'),
  ]);
  expect(() => lint(change(derived, ': ProductConnection', ': ProdutConnection'))).toThrow('Query.products');
});

describe('in the room that owns an entity', () => {
  test.each([
    [
      'a root field without a decision',
      'product("Which." id: ID!): Product @public',
      'product("Which." id: ID!): Product',
      'Query.product: has 0 decisions',
    ],
    [
      'a root field with two',
      'ProductConnection @public\n  }',
      'ProductConnection @public @authenticated\n  }',
      'Query.products: has 2 decisions',
    ],
    [
      'a type without one',
      'type ProductConnection @public',
      'type ProductConnection',
      'ProductConnection: has 0 decisions',
    ],
    ['a scope that nobody can have', 'product:write', 'product:wirte', '"product:wirte" is no scope'],
    ['a scope of no agent', 'product:write', 'prodct:write', '"prodct:write" is no scope'],
    ['a command that clients see', '@inaccessible ', '', 'Mutation.reserveProduct: is for agents only'],
    ['a type without description', '"A page."', '', 'ProductConnection: has no description'],
    [
      'a field without description',
      '"Its name."\n    name: String!\n  }\n  "A page."',
      'name: String!\n  }\n  "A page."',
      'Product.name: has no description',
    ],
    ['an argument without description', '"Which."', '', 'Query.product(id:): has no description'],
    [
      'a field of an input without description',
      '"A new one."\n  input CreateProductInput {\n    "Its name."',
      '"A new one."\n  input CreateProductInput {',
      'CreateProductInput.name: has no',
    ],
    ['a value without description', '"For sale."', '', 'ProductState.FOR_SALE: has no description'],
    [
      'a root field that cannot be null',
      'Product @public\n    "Many."',
      'Product! @public\n    "Many."',
      'Query.product: a root field may be denied',
    ],
    [
      'a mutation that cannot be null',
      'ProductPayload @req',
      'ProductPayload! @req',
      'Mutation.createProduct: a root field may be denied',
    ],
    [
      'a list without an end',
      ': ProductConnection @public',
      ': [Product!] @public',
      'Query.products: is a list without an end',
    ],
    ['a connection without a cursor', ', "From where." after: String', '', 'add after'],
    ['a text of a mutation without a limit', ' @name', '', 'CreateProductInput.name: is a text without a limit'],
    [
      'a text without a limit within an input of a mutation',
      ' @text',
      '',
      'NewPartInput.labels: is a text without a limit',
    ],
    [
      'a limit of what is no text',
      'parts: [NewPartInput!]',
      'parts: [NewPartInput!] @name',
      'CreateProductInput.parts: has @name, which limits a String',
    ],
    [
      'a mutation with another argument',
      'createProduct(input:',
      'createProduct("Its name." name: String, input:',
      'Mutation.createProduct: takes one argument',
    ],
    [
      'a mutation without user errors',
      'createProduct(input: CreateProductInput!): ProductPayload',
      'createProduct(input: CreateProductInput!): Product',
      'answers with a payload',
    ],
    ['user errors that may be null', '[UserError!]!', '[UserError!]', 'answers with a payload'],
    [
      'a mutation that is not named by a verb',
      'createProduct(',
      'productCreation(',
      'begins with "product": begin with a verb',
    ],
    ['a value in small letters', 'FOR_SALE', 'forSale', 'ProductState.forSale: is not in capitals'],
    [
      'a field with an underscore',
      'name: String!\n  }\n  "A page."',
      'full_name: String!\n  }\n  "A page."',
      'Product.full_name: is not in camelCase',
    ],
  ])('%s is named with the room and what to do', (_, from, to, expected) => {
    const problems = lint(change(OWNER, from, to));
    expect(problems).toContainEqual(expect.stringContaining(expected));
    expect(problems.every((problem) => problem.startsWith('product: '))).toBe(true);
  });
});

describe('in a room that adds to an entity or refers to it', () => {
  test.each([
    [
      'an added field that cannot be null',
      'rating: Float',
      'rating: Float!',
      "Product.rating: Product is product's and must survive without review",
    ],
    ['an added field without description', '"How it is liked."', '', 'Product.rating: has no description'],
    [
      'a reference that cannot be null',
      'product: Product',
      'product: Product!',
      "Review.product: Product is product's",
    ],
    [
      'a list of references in which none can be null',
      '[Product]!',
      '[Product!]!',
      "Review.others: Product is product's",
    ],
    [
      'another decision than the owner made',
      'type Product @key(fields: "id") @public',
      'type Product @key(fields: "id") @authenticated',
      'declares @public',
    ],
  ])('%s is named', (_, from, to, expected) => {
    expect(lint(OWNER, change(GUEST, from, to))).toContainEqual(
      expect.stringContaining(`review: ${expected}`.replace('review: declares', 'declares')),
    );
  });
});

test('a problem that only composition sees is named too', () => {
  const [problem, ...others] = lint(
    change(OWNER, 'name: String!\n  }\n  "A page."', 'name: String! @public\n  }\n  "A page."').replace(
      'type Product @key(fields: "id") @public',
      'type Product @key(fields: "id") @authenticated',
    ),
    GUEST.replace('"id") @public', '"id") @authenticated'),
  );
  expect(problem).toMatch(/Product\.name is @public, but its type Product is not/);
  expect(others).toEqual([]);
});
