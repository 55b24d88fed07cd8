import { isStorable } from '../text/storable.ts';
import { MAX_FACT_TEXT, MAX_LIST } from './limits.ts';

/**
 * The types of facts, named as in CEL (https://github.com/google/cel-spec/blob/master/doc/langdef.md#values). An `int` has
 * 64 bits; amounts of money are ints in minor units, beside a fact with their currency. A `double` is for scores and
 * shares, never for money.
 */
export interface FactTypes {
  bool: boolean;
  int: bigint;
  double: number;
  string: string;
  timestamp: Date;
  'list<int>': readonly bigint[];
  'list<string>': readonly string[];
}

/** The declaration of a fact. */
export interface Fact {
  /** Type of the value. */
  readonly type: keyof FactTypes;
  /** Description for the people who write rules: what it is, and its unit. */
  readonly description: string;
}

/** The declared facts, by name. */
export type Facts = Readonly<Record<string, Fact>>;

/** The values of declared facts. A fact that is not known is left out: rules that need it do not hold, and say so. */
export type FactValues<Declared extends Facts> = {
  readonly [Name in keyof Declared]?: FactTypes[Declared[Name]['type']];
};

const INT = { least: -(2n ** 63n), most: 2n ** 63n - 1n };

const TIME = { first: Date.parse('0001-01-01T00:00:00Z'), last: Date.parse('9999-12-31T23:59:59.999Z') };

/** Whether a value is an `int` of CEL: a whole number of 64 bits. */
export const isInt64 = (value: unknown): boolean =>
  typeof value === 'bigint' && value >= INT.least && value <= INT.most;
/** Whether a value is a time of CEL: of the years 1 to 9999. */
export const isTime = (value: unknown): boolean =>
  value instanceof Date && value.getTime() >= TIME.first && value.getTime() <= TIME.last;
const isText = (value: unknown): boolean =>
  typeof value === 'string' && value.length <= MAX_FACT_TEXT && isStorable(value);
const isListOf =
  (isItem: (item: unknown) => boolean) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.length <= MAX_LIST && value.every(isItem);

const OF_TYPE: Record<keyof FactTypes, { isValid(value: unknown): boolean; needs: string }> = {
  bool: { isValid: (value) => typeof value === 'boolean', needs: 'true or false' },
  int: { isValid: isInt64, needs: 'a whole number of 64 bits' },
  double: { isValid: (value) => typeof value === 'number' && Number.isFinite(value), needs: 'a number' },
  string: { isValid: isText, needs: `a text of at most ${MAX_FACT_TEXT} characters that can be stored` },
  timestamp: { isValid: isTime, needs: 'a time' },
  'list<int>': { isValid: isListOf(isInt64), needs: `a list of at most ${MAX_LIST} whole numbers of 64 bits` },
  'list<string>': {
    isValid: isListOf(isText),
    needs: `a list of at most ${MAX_LIST} texts, each of at most ${MAX_FACT_TEXT} characters that can be stored`,
  },
};

/** The problem with these values, of which only declared ones are used; undefined if there is none. */
export function problemOfFacts(facts: Facts, values: FactValues<Facts>): string | undefined {
  for (const [name, { type }] of Object.entries(facts)) {
    const value = values[name];
    if (value !== undefined && !OF_TYPE[type].isValid(value)) return `The fact ${name} is not ${OF_TYPE[type].needs}.`;
  }
  return undefined;
}

/** The values of the declared facts, without those that are not given. */
export const givenFacts = (facts: Facts, values: FactValues<Facts>): Record<string, unknown> =>
  Object.fromEntries(
    Object.keys(facts).flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]] as const])),
  );
