import { describe, expect, test } from '@jest/globals';
import { parse, print } from 'graphql';
import { commonSdl } from './common-sdl.ts';

/** What is common, without white space that nobody cares for. */
const common = (...versions: string[]): string => normal(commonSdl(versions));
const normal = (sdl: string): string => print(parse(sdl, { noLocation: true }));

/** Whichever of the two is newer. */
const both = (one: string, other: string): string[] => [common(one, other), common(other, one)];
const twice = (expected: string): string[] => [normal(expected), normal(expected)];

describe('what all versions serve', () => {
  test('is all of it where they are the same, to the letter', () => {
    const sdl = '# a comment\ntype Query { a: Int }';
    expect(commonSdl([sdl, sdl])).toBe(sdl);
  });

  test('is the fields, arguments, enum values, input fields and members that each has', () => {
    expect(
      both(
        `type Query { a(x: Int, y: Int): E  b(of: I): U  c: Int }  enum E { ONE TWO }  input I { p: Int q: Int }
       union U = S | T  type S { s: Int }  type T { t: Int }`,
        `type Query { a(x: Int, z: Int): E  b(of: I): U  d: Int }  enum E { ONE THREE }  input I { p: Int r: Int }
       union U = S | V  type S { s: Int }  type V { v: Int }`,
      ),
    ).toEqual(
      twice(
        `type Query { a(x: Int): E  b(of: I): U }  enum E { ONE }  input I { p: Int }  union U = S  type S { s: Int }`,
      ),
    );
  });

  test('does not hold what refers to something that is gone', () => {
    expect(
      both(
        `type Query { a: Int  gone: T  asked(by: I!): Int  filtered(by: I): Int  any: U }
       type T { n: Int } input I { j: J! } input J { x: Int } union U = T`,
        `type Query { a: Int  gone: T  asked(by: I!): Int  filtered(by: I): Int  any: U } scalar T input I { j: J! } scalar J union U = T`,
      ),
    ).toEqual(twice('type Query { a: Int filtered: Int }'));
  });

  test('answers null where one may, and asks for what one needs', () => {
    expect(
      both(
        'type Query { a(x: Int!): [Int!]! } input I { p: Int! q: String }',
        'type Query { a(x: Int): [Int]! } input I { p: Int q: String }',
      ),
    ).toEqual(twice('type Query { a(x: Int!): [Int]! } input I { p: Int! q: String }'));
  });

  test('deprecates no input that one version requires, which is no GraphQL', () => {
    expect(
      both(
        'type Query { a(x: Int!): Int } input I { p: Int! q: Int! }',
        'type Query { a(x: Int @deprecated): Int } input I { p: Int @deprecated(reason: "Use q.") q: Int! }',
      ),
    ).toEqual(twice('type Query { a(x: Int!): Int } input I { p: Int! q: Int! }'));
    const optional = 'type Query { a(x: Int @deprecated): Int }';
    expect(common(optional, 'type Query { a(x: Int): Int }')).toBe(normal(optional));
  });

  test('has no field whose type differs, or of which one version needs what the other does not know', () => {
    expect(
      both(
        'type Query { a: Int b: Int c(x: Int!): Int d(x: Int! = 1): Int e(x: Int = 1): Int }',
        'type Query { a: Int b: String c: Int d: Int e(x: Int = 2): Int }',
      ),
    ).toEqual(twice('type Query { a: Int d: Int e: Int }'));
  });

  test('counts a definition and its extensions as one', () => {
    expect(
      both(
        'type Query { a: Int } extend type Query { b: Int }',
        'extend type Query { a: Int } extend type Query { b: Int }',
      ),
    ).toEqual(twice('type Query { a: Int b: Int }'));
  });
});

describe('who may see it', () => {
  const decided = (directives: string): string => `type Query { a: Int ${directives} }`;

  test('is who may in every version', () => {
    expect(both(decided('@public'), decided('@authenticated'))).toEqual(twice(decided('@authenticated')));
    expect(both(decided('@authenticated'), decided('@requiresScopes(scopes: [["a"]])'))).toEqual(
      twice(decided('@authenticated @requiresScopes(scopes: [["a"]])')),
    );
  });

  test('must satisfy one alternative of each', () => {
    const one = decided('@requiresScopes(scopes: [["a"], ["b"]])');
    expect(common(one, decided('@requiresScopes(scopes: [["c", "a"]])'))).toBe(
      normal(decided('@requiresScopes(scopes: [["a", "c"], ["b", "c", "a"]])')),
    );
  });

  test('is nobody outside while one version says so', () => {
    expect(both(decided('@inaccessible'), decided(''))).toEqual(twice(decided('@inaccessible')));
  });
});

describe('how the planner asks', () => {
  test('is by the keys that all have', () => {
    expect(
      both(
        'type T @key(fields: "id") @key(fields: "sku") { id: ID sku: ID }',
        'type T @key(fields: "id") { id: ID sku: ID }',
      ),
    ).toEqual(twice('type T @key(fields: "id") { id: ID sku: ID }'));
  });

  test('leaves out a field that versions compute from different things', () => {
    expect(
      both(
        'type T @key(fields: "id") { id: ID w: Int @external cost: Int @requires(fields: "w") }',
        'type T @key(fields: "id") { id: ID w: Int @external cost: Int }',
      ),
    ).toEqual(twice('type T @key(fields: "id") { id: ID w: Int @external }'));
  });

  test('keeps the links and the own directives', () => {
    const head = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9") directive @public on OBJECT';
    expect(both(`${head} type Query { a: Int b: Int }`, `${head} type Query { a: Int }`)).toEqual(
      twice(`${head} type Query { a: Int }`),
    );
  });
});
