import { describe, expect, test } from '@jest/globals';
import { buildSchema, GraphQLError, type GraphQLScalarType, parse, parseValue, validate } from 'graphql';
import { scalars } from './scalars.ts';

type Name = keyof typeof scalars;

const asVariable = (name: Name, value: unknown): unknown => scalars[name].parseValue(value);
const asLiteral = (name: Name, text: string): unknown =>
  (scalars[name] as GraphQLScalarType).parseLiteral(parseValue(text), {});

const ACCEPTED: [Name, string, unknown][] = [
  ['DateTime', '2026-01-31T12:00:00Z', new Date('2026-01-31T12:00:00Z')],
  ['DateTime', '2026-01-31T12:00:00.123456789+02:00', new Date('2026-01-31T10:00:00.123Z')],
  ['DateTime', '2026-12-31T23:30:00-01:00', new Date('2027-01-01T00:30:00Z')],
  ['DateTime', '2024-02-29T00:00:00Z', new Date('2024-02-29T00:00:00Z')],
  ['DateTime', '0000-01-01T00:00:00Z', new Date('0000-01-01T00:00:00Z')],
  ['DateTime', '9999-12-31T23:59:59.999Z', new Date('9999-12-31T23:59:59.999Z')],
  ['DateTime', '9999-12-31T23:59:59+23:59', new Date('9999-12-31T00:00:59Z')],
  ['Date', '2024-02-29', '2024-02-29'],
  ['Date', '0001-01-01', '0001-01-01'],
  ['Decimal', '-12.34', '-12.34'],
  ['Decimal', '0', '0'],
  ['BigInt', '9223372036854775807', 9_223_372_036_854_775_807n],
  ['BigInt', '-9223372036854775808', -9_223_372_036_854_775_808n],
  ['CurrencyCode', 'JPY', 'JPY'],
  ['CountryCode', 'FR', 'FR'],
  ['CountryCode', 'GB', 'GB'],
  ['EmailAddress', 'ada.lovelace+shop@mail.agora.test', 'ada.lovelace+shop@mail.agora.test'],
];

const REFUSED: [Name, ...unknown[]][] = [
  ['DateTime', '2026-02-30T00:00:00Z', '2026-13-01T00:00:00Z', '2026-01-01T24:00:00Z', '2026-01-01T25:00:00Z'],
  ['DateTime', '2026-01-01', '2026-01-01T00:00:00', '2026-01-01 00:00:00Z', 'now', '', 0, 1_767_225_600_000, true],
  ['DateTime', '0000-01-01T00:00:00+23:59', '0000-01-01T00:00:00+00:01', '9999-12-31T23:59:59-23:59'],
  [
    'DateTime',
    '9999-12-31T23:59:59.999-00:01',
    '10000-01-01T00:00:00Z',
    '+010000-01-01T00:00:00Z',
    '-000001-12-31T00:00:00Z',
  ],
  ['DateTime', '2016-12-31T23:59:60Z', '2026-01-01T00:00:00+24:00', '2026-01-01T00:00:00+00:60'],
  ['Date', '0000-12-31', '10000-01-01', '+010000-01-01', '-000001-01-01'],
  ['Date', '2026-02-30', '2026-02-29', '2026-00-10', '2026-1-1', '2026-01-01T00:00:00Z', '20260101', '', 20_260_101],
  ['Decimal', '1e3', '1,5', '.5', '5.', 'NaN', 'Infinity', '1.2345678', '1234567890123456', '', ' 1', 1.5, 1],
  ['BigInt', '9223372036854775808', '-9223372036854775809', '1.0', '1e3', '0x10', '', ' 1', '1_000', 1],
  ['CurrencyCode', 'XXY', 'eur', 'EURO', '', 'E', 978],
  ['CountryCode', 'XX', 'ZZ', 'fr', 'FRA', '', 'UK', 'EU', 'UN', 'SU', 'AN', 'XA', 33],
  [
    'EmailAddress',
    'ada@agora',
    'ada',
    '@agora.test',
    'ada@',
    'ada@agora..test',
    'ada@-agora.test',
    'a b@agora.test',
    '',
    5,
  ],
  ['EmailAddress', 'ada@agora.test\n', '<ada@agora.test>', `${'a'.repeat(65)}@agora.test`, `a@${'b.'.repeat(130)}test`],
];

test.each(ACCEPTED)('%s takes %j', (name, text, value) => {
  expect(asVariable(name, text)).toEqual(value);
  expect(asLiteral(name, JSON.stringify(text))).toEqual(value);
});

describe.each(REFUSED)('%s refuses', (name, ...values) => {
  test.each(values.map((value) => [value]))('%j, with a sentence and a code', (value) => {
    expect(() => asVariable(name, value)).toThrow(GraphQLError);
    try {
      asVariable(name, value);
    } catch (error) {
      expect((error as GraphQLError).extensions.code).toBe('BAD_USER_INPUT');
      expect((error as GraphQLError).message).toMatch(/\.$/);
    }
    if (typeof value === 'string') expect(() => asLiteral(name, JSON.stringify(value))).toThrow(GraphQLError);
  });
});

test('a literal may be written without quotes, and no digit is lost', () => {
  expect([
    asLiteral('BigInt', '9007199254740993'),
    asLiteral('Decimal', '12.340'),
    asLiteral('CurrencyCode', 'EUR'),
  ]).toEqual([9_007_199_254_740_993n, '12.340', 'EUR']);
  for (const [name, text] of [
    ['BigInt', '1.5'],
    ['Decimal', '1e3'],
    ['CurrencyCode', 'XXY'],
    ['EmailAddress', 'ada'],
  ] as const)
    expect(() => asLiteral(name, text)).toThrow(GraphQLError);
});

test.each<Name>(['DateTime', 'Decimal', 'BigInt', 'CountryCode', 'EmailAddress'])(
  '%s takes no list, object or null',
  (name) => {
    for (const value of [null, undefined, ['FR'], { a: 1 }])
      expect(() => asVariable(name, value)).toThrow('must be a string');
    for (const text of ['["FR"]', '{ a: 1 }', 'true', 'null'])
      expect(() => asLiteral(name, text)).toThrow('must be a string');
  },
);

test('a long text is not repeated whole in the refusal', () => {
  const call = () => asVariable('EmailAddress', 'x'.repeat(10_000));
  expect(call).toThrow(/^.{1,200}$/);
});

test('the error of a literal has its location in the document', () => {
  const schema = buildSchema('scalar CountryCode type Query { in(country: CountryCode!): Int }');
  Object.assign(schema.getType('CountryCode')!, { parseLiteral: scalars.CountryCode.parseLiteral });
  expect(validate(schema, parse('{\n  in(country: "ZZ") }')).map(({ locations }) => locations)).toEqual([
    [{ line: 2, column: 15 }],
  ]);
});

test('a serialised date-time can be parsed again', () => {
  for (const [name, text] of ACCEPTED) {
    if (name !== 'DateTime') continue;
    const written = scalars.DateTime.serialize(asVariable('DateTime', text));
    expect(scalars.DateTime.serialize(asVariable('DateTime', written))).toBe(written);
  }
});

test('scalars are serialised as text without loss of digits', () => {
  expect(scalars.BigInt.serialize(2n ** 62n)).toBe('4611686018427387904');
  expect(scalars.Decimal.serialize('12.30')).toBe('12.30');
  expect(scalars.DateTime.serialize(new Date('2026-01-31T12:00:00+01:00'))).toBe('2026-01-31T11:00:00.000Z');
  expect(scalars.JSON.serialize({ a: [1, null] })).toEqual({ a: [1, null] });
});

test('JSON takes any value, in variables and in documents', () => {
  expect(asVariable('JSON', { a: [1, 'x', null] })).toEqual({ a: [1, 'x', null] });
  expect(asLiteral('JSON', '{ a: [1, "x", null, true, 1.5, RED] }')).toEqual({ a: [1, 'x', null, true, 1.5, 'RED'] });
});
