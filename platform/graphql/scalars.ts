/** The shared scalars. An invalid value is refused with a sentence that says what is valid. */
import { GraphQLError, GraphQLScalarType, Kind, type ValueNode, valueFromASTUntyped } from 'graphql';
import { DECIMAL, isCurrency } from '../money.ts';

const REGIONS = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
// Regions of CLDR that are no countries of ISO 3166-1: reserved, withdrawn, or made up. Kosovo's XK is none either, but
// carriers and banks use it.
const NO_COUNTRY = new Set(
  'AC AN BU CP CQ CS DD DG DY EA EU EZ FX HV IC NH QO RH SU TA TP UK UN VD XA XB YD YU ZR ZZ'.split(' '),
);
const isCountry = (code: string): boolean =>
  /^[A-Z]{2}$/.test(code) && !NO_COUNTRY.has(code) && REGIONS.of(code) !== undefined;

// https://html.spec.whatwg.org/multipage/input.html#email-state-(type=email), with a dot in the domain.
const EMAIL =
  /^[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)+$/i;
const INSTANT = /^(\d{4}-\d\d-\d\d)T(?!24)\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** Literals that are accepted for a text in a document: `"EUR"`, or bare where it reads better, as `EUR` and `12`. */
const LITERALS: ReadonlySet<string> = new Set([Kind.STRING, Kind.INT, Kind.FLOAT, Kind.ENUM]);

const bad = (message: string): GraphQLError => new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });

/** A scalar that is text on the wire: parsed by `read`, serialised by `write`. */
function textScalar<T>(
  name: string,
  read: (text: string) => T,
  write: (value: T) => string = String,
): GraphQLScalarType {
  const parse = (value: unknown): T => {
    if (typeof value !== 'string') throw bad(`${name} must be a string.`);
    return read(value);
  };
  return new GraphQLScalarType<T, string>({
    name,
    serialize: (value) => write(value as T),
    parseValue: parse,
    parseLiteral: (node: ValueNode) =>
      placed(node, () => parse(LITERALS.has(node.kind) ? (node as { value: string }).value : undefined)),
  });
}

/** Adds a literal's location to its error, which graphql 16's validation passes on unchanged. */
function placed<T>(node: ValueNode, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    throw new GraphQLError(error.message, { nodes: node, extensions: error.extensions });
  }
}

const check =
  (ok: (text: string) => boolean, expected: string) =>
  (text: string): string => {
    if (!ok(text)) throw bad(`${JSON.stringify(text.slice(0, 80))} is not ${expected}.`);
    return text;
  };

/** Whether the calendar has this day. `Date` would take 30 February for 2 March. */
function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function readInstant(text: string): Date {
  const date = new Date(text);
  if (!isDay(INSTANT.exec(text)?.[1] ?? '') || Number.isNaN(date.getTime())) {
    throw bad(`${JSON.stringify(text.slice(0, 80))} is not an RFC 3339 date-time, for example 2026-01-31T12:00:00Z.`);
  }
  // An offset can lead out of the years with four digits, which could not be parsed again.
  const year = date.getUTCFullYear();
  if (year < 0 || year > 9999) throw bad(`${JSON.stringify(text)} is, in UTC, not within the years 0000 to 9999.`);
  return date;
}

/** Whether PostgreSQL can store the day: its calendar begins with the year 1, that of RFC 3339 with 0000. */
const isStorableDay = (text: string): boolean => isDay(text) && !text.startsWith('0000');

function readBigInt(text: string): bigint {
  if (!/^-?\d{1,19}$/.test(text) || BigInt.asIntN(64, BigInt(text)) !== BigInt(text)) {
    throw bad(`${JSON.stringify(text.slice(0, 80))} is not a whole number of at most 64 bits.`);
  }
  return BigInt(text);
}

const json = (value: unknown): unknown => value;

/** Resolvers of every shared scalar, merged into each agent's. */
export const scalars = {
  DateTime: textScalar<Date>('DateTime', readInstant, (value) => new Date(value).toISOString()),
  Date: textScalar('Date', check(isStorableDay, 'a date from 0001-01-01 to 9999-12-31, for example 2026-01-31')),
  Decimal: textScalar(
    'Decimal',
    check((text) => DECIMAL.test(text), 'a decimal number, for example "12.34"'),
  ),
  BigInt: textScalar<bigint>('BigInt', readBigInt),
  JSON: new GraphQLScalarType({ name: 'JSON', serialize: json, parseValue: json, parseLiteral: valueFromASTUntyped }),
  CurrencyCode: textScalar('CurrencyCode', check(isCurrency, 'an ISO 4217 currency, for example EUR')),
  CountryCode: textScalar('CountryCode', check(isCountry, 'an ISO 3166-1 country of two letters, for example FR')),
  EmailAddress: textScalar(
    'EmailAddress',
    check((text) => text.length <= 254 && EMAIL.test(text), 'an e-mail address'),
  ),
};
