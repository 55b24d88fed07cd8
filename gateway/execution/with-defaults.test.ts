import { describe, expect, test } from '@jest/globals';
import {
  buildSchema,
  coerceInputValue,
  getOperationAST,
  type GraphQLInputType,
  type GraphQLScalarType,
  parse,
  typeFromAST,
} from 'graphql';
import { scalars } from '../../platform/graphql/scalars.ts';
import { adoptScalars } from '../graph/adopt-scalars.ts';
import { withDefaults } from './with-defaults.ts';

const schema = buildSchema(`
  scalar Decimal scalar BigInt scalar DateTime scalar CurrencyCode scalar JSON scalar Unknown
  enum Colour { RED }
  input MoneyInput { amount: Decimal! currency: CurrencyCode! }
  input Input { price: MoneyInput prices: [MoneyInput!] amounts: [[Decimal]] at: DateTime id: ID note: String = "x" of: Input }
  type Query { a: Int f: Float }
`);
adoptScalars(schema, (name) => (scalars as Record<string, GraphQLScalarType>)[name]);

/** The default as the variable holds it, checked that its type takes it as if a client had sent it. */
function defaultOf(declared: string): unknown {
  const document = parse(`query ($x: ${declared}) { a }`);
  const { x } = withDefaults(document, undefined, {}, schema);
  const [{ type }] = getOperationAST(document)!.variableDefinitions as unknown as [{ type: never }];
  coerceInputValue(x, typeFromAST(schema, type) as GraphQLInputType, (_path, _value, error) => {
    throw error;
  });
  return x;
}

describe('a default is what a client would send', () => {
  test.each([
    ['Decimal! = 12.34', '12.34'],
    ['Decimal = 12', '12'],
    ['Decimal = 1.10', '1.10'],
    ['Decimal = "1.10"', '1.10'],
    ['Decimal = null', null],
    ['BigInt = 9007199254740993', '9007199254740993'],
    ['CurrencyCode = EUR', 'EUR'],
    ['DateTime = "2026-01-31T12:00:00+01:00"', '2026-01-31T11:00:00.000Z'],
    ['ID = 9007199254740993', '9007199254740993'],
    ['Int = 5', 5],
    ['Float = 5', 5],
    ['Boolean = true', true],
    ['Colour = RED', 'RED'],
    ['[Decimal!] = [1.10, "2.0"]', ['1.10', '2.0']],
    ['[Decimal!] = 1.10', '1.10'],
    ['JSON = { a: 1.10, b: [RED, null] }', { a: 1.1, b: ['RED', null] }],
    ['Unknown = 1.5', 1.5],
    ['MoneyInput = { amount: 1.10 currency: EUR }', { amount: '1.10', currency: 'EUR' }],
    [
      'Input = { price: { amount: 1, currency: "EUR" }, prices: { amount: 1.10, currency: EUR }, amounts: [[1.0], null], of: { id: 7 } }',
      {
        price: { amount: '1', currency: 'EUR' },
        prices: { amount: '1.10', currency: 'EUR' },
        amounts: [['1.0'], null],
        of: { id: '7' },
      },
    ],
  ])('%s', (declared, expected) => {
    expect(JSON.parse(JSON.stringify(defaultOf(declared)))).toEqual(expected);
  });
});

test('a variable that was sent is left as it is, also null', () => {
  const document = parse('query ($x: Decimal = 1, $y: Decimal = 2) { a }');
  expect(withDefaults(document, undefined, { x: null, y: '3' }, schema)).toMatchObject({ x: null, y: '3' });
});
