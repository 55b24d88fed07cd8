/** Values that an attacker sends to see what breaks: for each scalar, and in each place of an argument. */
import {
  getNullableType,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql';

const LONG = 'x'.repeat(50_000);
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
/** NUL and half of a surrogate pair are no text to PostgreSQL; the rest is text that has a meaning to some program. */
const TEXTS = ['', ' ', 'a\u0000b', 'a\ud800b', '\udc00', '\u202eabc', '😀', LONG, "'; drop table x; --", '%', '\\'];
const CURSORS = [
  [1],
  {},
  null,
  [null, null],
  ['\u0000', '\u0000'],
  [{}, []],
  ['9'.repeat(30), 'x'],
  ['-infinity', 'x'],
];
const IDS = ['order_', 'order_zzzzzzzzzzzzzzzzzzzzzzzzzz', 'ORDER_01H455VB4PEX5VSKNK084SN02Q', '-1', '__proto__'];

/** Nasty values by scalar. Most of them are refused where they are parsed. */
const NASTY: Readonly<Record<string, readonly unknown[]>> = {
  String: [...TEXTS, ...CURSORS.map(base64), '-1.-1.-1'],
  ID: [...TEXTS, ...IDS],
  Int: [-1, 0, 101, 2_147_483_647, -2_147_483_648, 2_147_483_648, 1.5, '1', true],
  Float: [-1, 0, 1e308, 'x'],
  Boolean: ['x', 1],
  Decimal: ['-1', '1e999', 'NaN', '9'.repeat(60), `0.${'0'.repeat(40)}1`, '', 'a\u0000', '-0', '0x10', ' 1 '],
  BigInt: ['-1', '9223372036854775807', '9223372036854775808', '9'.repeat(60), 'x', 1.5, ''],
  DateTime: [
    '0000-01-01T00:00:00Z',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999Z',
    '0000-01-01T00:00:00+23:59',
    '9999-12-31T23:59:59-23:59',
    '+275760-09-13T00:00:00.000Z',
    '2026-02-30T00:00:00Z',
    '2026-12-31T23:59:60Z',
    '',
    0,
  ],
  Date: ['0001-01-01', '9999-12-31', '2026-02-30', 5],
  EmailAddress: ['a@b', 'a\u0000@b.test', '\ud800@b.test', `${'x'.repeat(300)}@b.test`, '', 'ü@exämple.test'],
  CurrencyCode: ['XXX', 'eur', '', '\u0000\u0000\u0000'],
  CountryCode: ['XX', 'fr', '', '\u0000\u0000'],
  JSON: [null, 'a\u0000b', { 'a\u0000': 1 }, { a: '\ud800' }, [[[[[[]]]]]], { constructor: 1 }],
};

/** A good value for a scalar, in an argument or a field of this name. */
export type Good = (scalar: string, name: string) => unknown;

/** A value as an ordinary client sends it: all required fields, and the others as long as they are not deep. */
export function goodValue(type: GraphQLInputType, name: string, good: Good, depth = 0): unknown {
  const bare = getNullableType(type);
  if (isListType(bare)) return [goodValue(bare.ofType as GraphQLInputType, name, good, depth)];
  if (isEnumType(bare)) return bare.getValues()[0]!.name;
  if (!isInputObjectType(bare)) return good(bare.name, name);
  const fields = Object.values(bare.getFields()).filter((field) => isNonNullType(field.type) || depth < 2);
  return Object.fromEntries(fields.map((field) => [field.name, goodValue(field.type, field.name, good, depth + 1)]));
}

/** Nasty values for a type itself, whatever may be within it. */
export function nastyLeaves(type: GraphQLInputType): unknown[] {
  const bare = getNullableType(type);
  if (isListType(bare)) return [[], [null], [[]], {}, '', 0, Array<unknown>(200).fill(null)];
  if (isInputObjectType(bare)) return [{}, [], '', 0, { nonsense: 1 }, { constructor: 1 }];
  return isEnumType(bare) ? ['NOPE', '', 0, 'a\u0000b', {}] : [...(NASTY[bare.name] ?? []), {}, [], true, 1e308, -0];
}

/** Ordinary values with a nasty one in one place. */
export function nastyValues(type: GraphQLInputType, name: string, good: Good, depth = 0): unknown[] {
  const bare = getNullableType(type);
  if (isListType(bare)) {
    const item = bare.ofType as GraphQLInputType;
    const many = Array<unknown>(200).fill(goodValue(item, name, good, depth));
    return [...nastyValues(item, name, good, depth).map((value) => [value]), [], [null], many];
  }
  if (isInputObjectType(bare)) return depth > 3 ? [] : nastyObjects(bare, good, depth);
  return isEnumType(bare) ? ['NOPE', null] : [...(NASTY[bare.name] ?? []), null];
}

function nastyObjects(type: GraphQLInputObjectType, good: Good, depth: number): unknown[] {
  const whole = (): Record<string, unknown> => goodValue(type, '', good, depth) as Record<string, unknown>;
  return Object.values(type.getFields()).flatMap((field) => {
    const { [field.name]: _, ...without } = whole();
    const nasty = nastyValues(field.type, field.name, good, depth + 1);
    return [without, ...nasty.map((value) => ({ ...whole(), [field.name]: value }))];
  });
}
