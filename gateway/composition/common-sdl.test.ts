import { describe, expect, test } from '@jest/globals';
import { parse, print } from 'graphql';
import { commonSdl } from './common-sdl.ts';

/** The common SDL, printed so that white space does not matter. */
const common = (...versions: string[]): string => normal(commonSdl(versions));
const normal = (sdl: string): string => print(parse(sdl, { noLocation: true }));

/** The common SDL in both orders, whichever version is the newer. */
const both = (one: string, other: string): string[] => [common(one, other), common(other, one)];
const twice = (expected: string): string[] => [normal(expected), normal(expected)];

describe('the common SDL of all versions', () => {
  test('is theirs to the letter where they are the same', () => {
    const sdl = '# a comment\ntype Query { a: Int }';
    expect(commonSdl([sdl, sdl])).toBe(sdl);
  });

  test('has the fields, arguments, enum values, input fields and members that each version has', () => {
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

  test('has no reference to a type that is gone', () => {
    expect(
      both(
        `type Query { a: Int  gone: T  asked(by: I!): Int  filtered(by: I): Int  any: U }
       type T { n: Int } input I { j: J! } input J { x: Int } union U = T`,
        `type Query { a: Int  gone: T  asked(by: I!): Int  filtered(by: I): Int  any: U } scalar T input I { j: J! } scalar J union U = T`,
      ),
    ).toEqual(twice('type Query { a: Int filtered: Int }'));
  });

  test('is nullable where one version may answer null, and requires what one version requires', () => {
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

  test('has no field whose type differs, or of which one version requires an argument that the other does not know', () => {
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

describe('the permission of a common field', () => {
  const decided = (directives: string): string => `type Query { a: Int ${directives} }`;

  test('demands what every version demands', () => {
    expect(both(decided('@public'), decided('@authenticated'))).toEqual(twice(decided('@authenticated')));
    expect(both(decided('@authenticated'), decided('@requiresScopes(scopes: [["a"]])'))).toEqual(
      twice(decided('@authenticated @requiresScopes(scopes: [["a"]])')),
    );
  });

  test('is satisfied by one alternative of each version', () => {
    const one = decided('@requiresScopes(scopes: [["a"], ["b"]])');
    expect(common(one, decided('@requiresScopes(scopes: [["c", "a"]])'))).toBe(
      normal(decided('@requiresScopes(scopes: [["a", "c"], ["b", "c", "a"]])')),
    );
  });

  test('keeps it inaccessible while one version does', () => {
    expect(both(decided('@inaccessible'), decided(''))).toEqual(twice(decided('@inaccessible')));
  });
});

describe('the common SDL for the planner', () => {
  test('has the keys that all versions have', () => {
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
