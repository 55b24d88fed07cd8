import { expect, test } from '@jest/globals';
import { buildASTSchema, type GraphQLInputObjectType, print } from 'graphql';
import { composeForTest } from '../gate/compose.testing.ts';
import { typeDefsOf } from './type-defs.ts';

const typeDefs = typeDefsOf(`
  type Query { find("Which." name: String @name): Int @public }
  type Mutation { make(input: MakeInput!): Payload @public }
  type Payload @public { userErrors: [UserError!]! }
  input MakeInput {
    "What it is called."
    name: String! @name(max: 100)
    """
    What it is,
    at length.
    """
    description: String! = "" @text(min: 0, max: 10000)
    "Why"
    reason: String @text(max: 500)
    code: String @opaque(max: 40)
    "What it is found by."
    tags: [String!]! @name
    "Its secrets."
    secrets: [String!] @opaque(max: 20)
    "As long as it likes."
    free: String
  }
`);

test('a text tells its limit at the end of its description, and no other element does', () => {
  const schema = buildASTSchema(typeDefs, { assumeValidSDL: true });
  const fields = Object.values((schema.getType('MakeInput') as GraphQLInputObjectType).getFields());
  expect(Object.fromEntries(fields.map(({ name, description }) => [name, description]))).toEqual({
    name: 'What it is called. 1 to 100 characters, one line.',
    description: 'What it is,\nat length. At most 10,000 characters.',
    reason: 'Why. 1 to 500 characters.',
    code: undefined,
    tags: 'What it is found by. Each: 1 to 200 characters, one line.',
    secrets: 'Its secrets. Each: at most 20 characters.',
    free: 'As long as it likes.',
  });
  const [argument] = schema.getQueryType()!.getFields().find!.args;
  expect(argument!.description).toBe('Which. 1 to 200 characters, one line.');
  const { city } = (schema.getType('AddressInput') as GraphQLInputObjectType).getFields();
  expect(city!.description).toBe('City or town. At most 1,000 characters.');
});

test('limits are told once, however many rooms there are', () => {
  expect(print(typeDefsOf('type Query { a: Int }')).match(/At most 1,000 characters/g)).toEqual(
    print(typeDefsOf('')).match(/At most 1,000 characters/g),
  );
});

test('the supergraph has the descriptions and not the directives', () => {
  const supergraph = composeForTest(print(typeDefs));
  expect(supergraph).toContain('What it is called. 1 to 100 characters, one line.');
  expect(supergraph).not.toMatch(/@(name|text|opaque)\b/);
});
