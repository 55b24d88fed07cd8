import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { defineRules } from './define-rules.ts';
import { InvalidRule } from './invalid-rule.ts';
import { MAX_FACT_TEXT, MAX_LIST, MAX_PARTS, MAX_TEXT } from './limits.ts';

const rules = defineRules({
  amountMinor: { type: 'int', description: 'The amount, in minor units of `currency`.' },
  currency: { type: 'string', description: 'The currency, by its ISO 4217 code.' },
  roles: { type: 'list<string>', description: 'The roles of who asks.' },
  isNew: { type: 'bool', description: 'Whether the customer is new.' },
  score: { type: 'double', description: 'The risk, from 0 to 1.' },
  at: { type: 'timestamp', description: 'When it is asked for.' },
});
const FACTS = {
  amountMinor: 12_500n,
  currency: 'EUR',
  roles: ['OPERATOR', 'ANALYST'],
  isNew: false,
  score: 0.5,
  at: new Date('2026-06-01T12:00:00Z'),
};

const EIGHT_THOUSAND = 'duration("70080000h")';
const evaluate = (text: string, facts = FACTS) => rules.compile(text).evaluate(facts);
const explain = (text: string, facts: Partial<typeof FACTS> = FACTS) => rules.compile(text).explain(facts);
/** The explanation as a person may read it, a line a part. */
const told = (text: string, facts?: Partial<typeof FACTS>): string[] =>
  explain(text, facts).parts.map(
    ({ text: part, depth, value, problem }) => `${'  '.repeat(depth)}${part} → ${value ?? problem ?? 'not evaluated'}`,
  );
const mistakeIn = (text: string): string => {
  try {
    rules.compile(text);
    return 'none';
  } catch (error) {
    if (error instanceof InvalidRule) return error.message;
    throw error;
  }
};

describe('a rule', () => {
  test.each([
    ['amountMinor > 10000', true],
    ['amountMinor > 10000 && currency == "EUR"', true],
    ['currency in ["USD", "JPY"]', false],
    ['"OPERATOR" in roles || isNew', true],
    ['roles.exists(r, r.startsWith("ADM"))', false],
    ['roles.filter(r, r.endsWith("ST")).size() == 1', true],
    ['isNew ? amountMinor > 1 : amountMinor > 20000', false],
    ['score >= 0.5', true],
    ['at > timestamp("2026-05-31T00:00:00Z") + duration("24h")', true],
    ['!(amountMinor % 2 == 1)', true],
    ['-amountMinor < 0', true],
    ['roles.exists(r, size(r) + 1 == 9)', true],
    ['amountMinor > 9007199254740993', false],
    ['at == timestamp("2026-06-01T14:00:00+02:00")', true],
    ['at > timestamp("2024-02-29t23:59:59.123456789z")', true],
    ['timestamp(1780315200) == at', true],
    ['duration("-1.5s") + duration("1s") == duration("-500ms")', true],
    ['at - timestamp("2026-06-01T12:00:00.5Z") + duration("1s") == duration("0.5s")', true],
    ['int("-9223372036854775808") < 0 && int("+5") == 5 && double("-.5e1") == -5.0', true],
  ])('%s is %s', (text, holds) => {
    expect(evaluate(text)).toEqual({ holds, problem: null });
    expect(explain(text)).toMatchObject({ holds, problem: null });
  });

  test('counts whole numbers of 64 bits to the last digit', () => {
    const facts = { ...FACTS, amountMinor: 9_007_199_254_740_993n };
    expect(evaluate('amountMinor == 9007199254740993', facts).holds).toBe(true);
    expect(evaluate('amountMinor == 9007199254740992', facts).holds).toBe(false);
  });

  test('is compiled once', () => {
    expect(rules.compile('amountMinor > 1')).toBe(rules.compile('amountMinor > 1'));
    expect(rules.compile('amountMinor > 1')).not.toBe(rules.compile('amountMinor > 2'));
  });
});

describe('a mistake is told with its place:', () => {
  test.each([
    ['amountMinr > 1', /^line 1, column 1: There is no fact amountMinr: the facts are amountMinor, currency, roles/],
    ['isNew &&\n  amount > 1', /^line 2, column 3: There is no fact amount:/],
    ['amountMinor >', /^line 1, column 14: Unexpected token: EOF\.$/],
    ['amountMinor > "a"', /^line 1, column 1: No such overload: int > string\.$/],
    ['amountMinor == 1.0', /^line 1, column 1: No such overload: int == double\.$/],
    ['amountMinor', /^A rule is a condition, true or false, and this is of type int\.$/],
    ['isNew && 1', /bool operands/],
    ['amountMinor > 99999999999999999999', /^line 1, column 15: 99999999999999999999 is too large/],
    ['', /Unexpected/],
    [
      'isNew ||\n at > timestamp("2026-02-30T00:00:00Z")',
      /^line 2, column 7: "2026-02-30T00:00:00Z" is no time: write 2026/,
    ],
    ['at > timestamp("2025-02-29T00:00:00Z")', /is no time/],
    ['at > timestamp("2026-04-31T12:00:00.5+02:00")', /is no time/],
    ['at > timestamp("2026-06-01T24:00:00Z")', /is no time/],
    ['at > timestamp("0000-06-01T00:00:00Z")', /is no time/],
    ['at > timestamp(253402300800)', /^line 1, column 6: Timestamp/],
    ['at > at - duration("s")', /^line 1, column 11: "s" is no duration: write 24h/],
    ['at > at - duration("100000000h")', /^line 1, column 11: This duration is longer than 10,000 years\.$/],
    ['amountMinor > int(1e19)', /^line 1, column 15: Integer overflow/],
    ['score > double("1e999")', /^line 1, column 9: This fraction is no number/],
    ['currency == "\0"', /^A text has a character that cannot be stored: NUL/],
    ['isNew // \ud83d', /^A text has a character that cannot be stored/],
    ['isNew ||\ncurrency == "\\u0000"', /^line 2, column 13: A text has a character that cannot be stored/],
    ['currency == "\\ud83d"', /Invalid Unicode surrogate/],
  ])('%j', (text, message) => expect(mistakeIn(text)).toMatch(message));
});

describe('what could cost more than its length is refused:', () => {
  test.each([
    ['a regular expression', 'currency.matches("(a+)+$")', /matches\(\) is not used in rules: there are all, contains/],
    ['a loop inside a loop', 'roles.all(a, roles.all(b, a == b))', /column 14: all\(\) stands inside another loop/],
    ['a loop over a loop’s items', 'roles.all(a, [a].all(b, b == a))', /inside another loop/],
    ['a list made by a loop', 'roles.map(r, r).size() > 1', /map\(\) is not used/],
    ['a loop over joined lists', '(roles + roles).all(r, isNew)', /is for a fact that is a list/],
    ['joined texts', '(currency + currency).size() > 1', /type string are not added/],
    ['joined lists', '(roles + roles).size() > 1', /type list<string> are not added/],
    ['joined lists in a loop', 'roles.all(r, size([r] + [r]) > 1)', /are not added/],
    ['a map', '{"a": 1}.size() > 1', /too large/],
    ['a name that hides a fact', 'roles.all(isNew, isNew == "")', /isNew is a fact/],
    ['a binding', 'cel.bind(x, 1, x > 0)', /no fact cel|not used/],
    ['a conversion to bytes', 'bytes(currency).size() > 1', /bytes\(\) is not used/],
    ['a value without a type', 'dyn(1) == 1', /dyn\(\) is not used/],
    ['a long text', `currency == "${'x'.repeat(MAX_TEXT)}"`, /at most 2000 characters/],
    ['many parts', `isNew${' && isNew'.repeat(MAX_PARTS / 2)}`, /too large/],
    ['deep nesting', `${'('.repeat(500)}isNew${')'.repeat(500)}`, /too large/],
    ['deep negation', `${'!'.repeat(1000)}isNew`, /too large/],
    ['deep negative numbers', `${'-'.repeat(1000)}1 > 0`, /too large/],
    ['a long list', `1 in [${'1,'.repeat(MAX_LIST)}1]`, /too large/],
  ])('%s', (_, text, message) => expect(mistakeIn(text)).toMatch(message));

  test('the dearest rule over the longest facts does bounded work', () => {
    // As many comparisons a round as a rule may have, over the longest list, each of which reads all of a list.
    const text = `roles.all(x, ${Array(15).fill('!(x in roles)').join(' || ')} || x.contains("b") || true)`;
    const roles = Array.from({ length: MAX_LIST }, (_, n) =>
      `${'a'.repeat(MAX_FACT_TEXT - 3)}${n}`.slice(-MAX_FACT_TEXT),
    );
    // Counted and not timed: each item is read at most once by each of the parts of each round.
    let reads = 0;
    const counted = new Proxy(roles, {
      get(target, name, self) {
        if (typeof name === 'string' && /^\d+$/.test(name)) reads++;
        return Reflect.get(target, name, self);
      },
    });
    expect(rules.compile(text).evaluate({ ...FACTS, roles: counted }).holds).toBe(true);
    expect(reads).toBeLessThanOrEqual(MAX_LIST * MAX_LIST * MAX_PARTS);
  });
});

describe('a rule that cannot be evaluated does not hold, and says why:', () => {
  test.each<[string, string, Record<string, unknown>, string]>([
    ['a missing fact', 'amountMinor > 1', { amountMinor: undefined }, 'The fact amountMinor is not known.'],
    ['an overflow', 'amountMinor * 9223372036854775807 > 1', {}, 'Integer overflow'],
    ['a division by zero', 'amountMinor / (amountMinor - amountMinor) > 1', {}, 'Division by zero.'],
    [
      'a number that is no int',
      'amountMinor > 1',
      { amountMinor: 12_500 },
      'The fact amountMinor is not a whole number',
    ],
    ['an int of 65 bits', 'amountMinor > 1', { amountMinor: 2n ** 63n }, 'The fact amountMinor is not a whole number'],
    [
      'a long text',
      'isNew',
      { currency: 'x'.repeat(MAX_FACT_TEXT + 1) },
      'The fact currency is not a text of at most 256',
    ],
    ['a long list', 'isNew', { roles: Array(MAX_LIST + 1).fill('x') }, 'The fact roles is not a list of at most 200'],
    ['no number', 'score > 0.1', { score: Number.NaN }, 'The fact score is not a number.'],
    ['no time', 'isNew', { at: new Date('never') }, 'The fact at is not a time.'],
    ['an index beyond the list', 'roles[7] == "x"', {}, ''],
    ['a time that is none', 'at > timestamp(currency)', { currency: 'soon' }, '"soon" is no time'],
    ['a day that is none', 'at > timestamp(currency)', { currency: '2026-02-30T00:00:00Z' }, 'is no time'],
    ['the opposite of the least int', '-amountMinor > 1', { amountMinor: -(2n ** 63n) }, 'Integer overflow'],
    ['its quotient', 'amountMinor / -1 > 1', { amountMinor: -(2n ** 63n) }, 'Integer overflow'],
    ['one of them in a loop', '[amountMinor].all(x, -x < 0)', { amountMinor: -(2n ** 63n) }, 'Integer overflow'],
    ['an int of a large fraction', 'int(score) > 1', { score: 9.3e18 }, 'Integer overflow'],
    ['an int of no text', 'int(currency) == 0', { currency: '' }, '"" is no whole number'],
    ['an int of other digits', 'int(currency) == 3', { currency: '0b11' }, '"0b11" is no whole number'],
    ['a fraction of other digits', 'double(currency) == 3.0', { currency: '0x3' }, '"0x3" is no number'],
    ['a fraction divided by zero', 'score / 0.0 > 1.0', {}, 'This fraction is no number'],
    ['a fraction that is too large', 'score * 1e300 * 1e300 > 1.0', {}, 'This fraction is no number'],
    ['a time after the last', 'at + duration("80000000h") > at', {}, 'This time is not in the years 1 to 9999'],
    ['a fact after the last time', 'isNew', { at: new Date(8.64e15) }, 'The fact at is not a time.'],
    [
      'a sum of long durations',
      `${EIGHT_THOUSAND} + ${EIGHT_THOUSAND} > ${EIGHT_THOUSAND}`,
      {},
      'longer than 10,000 years',
    ],
    ['a text with NUL', 'isNew', { currency: 'E\0' }, 'The fact currency is not a text'],
    ['a part of a character', 'isNew', { roles: ['\ud83d'] }, 'The fact roles is not a list'],
  ])('%s', (_, text, more, problem) => {
    const facts = { ...FACTS, ...more } as typeof FACTS;
    const outcome = evaluate(text, facts);
    expect(outcome).toEqual({ holds: false, problem: expect.stringContaining(problem) });
    expect(explain(text, facts)).toMatchObject(outcome);
  });

  test('not if another part decides it', () => {
    const { currency: _, ...facts } = FACTS;
    expect(explain('currency == "EUR" || amountMinor > 1', facts)).toMatchObject({ holds: true, problem: null });
    expect(explain('currency == "EUR" && isNew', facts)).toMatchObject({ holds: false, problem: null });
  });
});

describe('an explanation', () => {
  test('has each part with its value, and says which were not needed', () => {
    expect(told('amountMinor > 10000 && (currency == "JPY" || "OPERATOR" in roles) && !isNew')).toEqual([
      'amountMinor > 10000 && (currency == "JPY" || "OPERATOR" in roles) && !isNew → true',
      '  amountMinor > 10000 → true',
      '    amountMinor → 12500',
      '  currency == "JPY" || "OPERATOR" in roles → true',
      '    currency == "JPY" → false',
      '      currency → "EUR"',
      '    "OPERATOR" in roles → true',
      '      roles → ["OPERATOR","ANALYST"]',
      '  !isNew → true',
      '    isNew → false',
    ]);
    expect(told('isNew && amountMinor > 1')).toEqual([
      'isNew && amountMinor > 1 → false',
      '  isNew → false',
      '  amountMinor > 1 → not evaluated',
      '    amountMinor → not evaluated',
    ]);
  });

  test.each([
    ['an emoji', 'currency == "😀"', { currency: '😀' }],
    ['an escaped emoji', 'currency == "\\U0001F600"', { currency: '😀' }],
    ['quotes', `currency == '''it"s'''`, { currency: 'it"s' }],
    ['a long fraction', 'score == 0.12345678901', { score: 0.12345678901 }],
    ['a small number', 'score > 1e-12', { score: 1e-11 }],
    ['large numbers', 'score < 1e21 && score < 1.5e300', { score: 1 }],
  ])('comes to what the rule does, with %s', (_, text, more) => {
    const facts = { ...FACTS, ...more };
    expect(evaluate(text, facts)).toEqual({ holds: true, problem: null });
    expect(explain(text, facts)).toMatchObject({ holds: true, problem: null });
    expect(explain(text, facts).parts[0]!.text).toBe(text);
  });

  test('has the branch that was taken', () => {
    expect(told('isNew ? score > 0.1 : roles.exists(r, r == "ADMIN")')).toEqual([
      'isNew ? score > 0.1 : roles.exists(r, r == "ADMIN") → false',
      '  isNew → false',
      '  score > 0.1 → not evaluated',
      '    score → not evaluated',
      '  roles.exists(r, r == "ADMIN") → false',
      '    roles → ["OPERATOR","ANALYST"]',
    ]);
  });

  test('has the part that could not be evaluated', () => {
    expect(told('amountMinor > 1 && isNew', { isNew: true })).toEqual([
      'amountMinor > 1 && isNew → The fact amountMinor is not known.',
      '  amountMinor > 1 → The fact amountMinor is not known.',
      '    amountMinor → The fact amountMinor is not known.',
      '  isNew → true',
    ]);
  });

  test('has durations in seconds', () => {
    expect(told('at - duration("90m") > at')).toContain('    duration("90m") → 5400s');
  });

  test('shortens long values', () => {
    const roles = Array.from({ length: MAX_LIST }, () => 'ROLE');
    expect(explain('size(roles) > 1', { ...FACTS, roles }).parts.at(-1)!.value).toHaveLength(200);
  });
});

/**
 * The reference: an expression is a tree that says its own text and its own value, by JavaScript and the rules of CEL
 * about errors. `undefined` is a value that cannot be evaluated.
 */
interface Reference<Value> {
  text: string;
  value(facts: Known): Value | undefined;
}
type Known = { amountMinor?: bigint; currency?: string; isNew?: boolean; roles?: string[] };

const fits = (n: bigint): bigint | undefined => (BigInt.asIntN(64, n) === n ? n : undefined);
const both =
  <A, B>(left: Reference<A>, right: Reference<A>, decide: (a: A, b: A) => B | undefined) =>
  (facts: Known): B | undefined => {
    const [a, b] = [left.value(facts), right.value(facts)];
    return a === undefined || b === undefined ? undefined : decide(a, b);
  };
const logical = (left: Reference<boolean>, right: Reference<boolean>, decisive: boolean) => (facts: Known) => {
  const values = [left.value(facts), right.value(facts)];
  if (values.includes(decisive)) return decisive;
  return values.includes(undefined) ? undefined : !decisive;
};

const { condition } = fc.letrec<{ number: Reference<bigint>; condition: Reference<boolean> }>((tie) => ({
  number: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(0n, 1n, 7n, 12_500n, 2n ** 62n).map((n) => ({ text: String(n), value: () => n })),
    fc.constant({ text: 'amountMinor', value: (facts: Known) => facts.amountMinor }),
    fc.tuple(tie('number'), fc.constantFrom('+', '-', '*', '/', '%'), tie('number')).map(([a, op, b]) => ({
      text: `(${a.text} ${op} ${b.text})`,
      value: both(a, b, (x, y) => {
        if ((op === '/' || op === '%') && y === 0n) return undefined;
        return fits(op === '+' ? x + y : op === '-' ? x - y : op === '*' ? x * y : op === '/' ? x / y : x % y);
      }),
    })),
  ),
  condition: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(true, false).map((value) => ({ text: String(value), value: () => value })),
    fc.constant({ text: 'isNew', value: (facts: Known) => facts.isNew }),
    fc.constantFrom('EUR', 'a"\\b\n').map((text) => ({
      text: `currency == ${JSON.stringify(text)}`,
      value: (facts: Known) => (facts.currency === undefined ? undefined : facts.currency === text),
    })),
    fc.constantFrom('ADMIN', 'x').map((text) => ({
      text: `roles.exists(r, r == "${text}")`,
      value: (facts: Known) => facts.roles?.includes(text),
    })),
    fc.tuple(tie('number'), fc.constantFrom('<', '<=', '>', '>=', '==', '!='), tie('number')).map(([a, op, b]) => ({
      text: `${a.text} ${op} ${b.text}`,
      value: both(a, b, (x, y) =>
        op === '<'
          ? x < y
          : op === '<='
            ? x <= y
            : op === '>'
              ? x > y
              : op === '>='
                ? x >= y
                : (x === y) === (op === '=='),
      ),
    })),
    tie('condition').map((a) => ({
      text: `!(${a.text})`,
      value: (facts: Known) => (a.value(facts) === undefined ? undefined : !a.value(facts)),
    })),
    fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => ({
      text: `(${a.text} && ${b.text})`,
      value: logical(a, b, false),
    })),
    fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => ({
      text: `(${a.text} || ${b.text})`,
      value: logical(a, b, true),
    })),
    fc.tuple(tie('condition'), tie('condition'), tie('condition')).map(([a, b, c]) => ({
      text: `(${a.text} ? ${b.text} : ${c.text})`,
      value: (facts: Known) => {
        const chosen = a.value(facts);
        return chosen === undefined ? undefined : chosen ? b.value(facts) : c.value(facts);
      },
    })),
  ),
}));
const known: fc.Arbitrary<Known> = fc.record(
  {
    amountMinor: fc.oneof(fc.bigInt(-20_000n, 20_000n), fc.constantFrom(2n ** 62n, -(2n ** 63n))),
    currency: fc.constantFrom('EUR', 'a"\\b\n'),
    isNew: fc.boolean(),
    roles: fc.subarray(['ADMIN', 'OPERATOR', 'x']),
  },
  { requiredKeys: [] },
);

test('any rule comes to what the reference says, and its explanation to the same', () => {
  const seen = { holds: 0, not: 0, problem: 0 };
  fc.assert(
    fc.property(condition, known, (reference, facts) => {
      fc.pre(reference.text.length <= MAX_TEXT && !/too large/.test(mistakeIn(reference.text)));
      const rule = rules.compile(reference.text);
      const expected = reference.value(facts);
      seen[expected === undefined ? 'problem' : expected ? 'holds' : 'not']++;
      const outcome = rule.evaluate(facts);
      expect([outcome.holds, outcome.problem === null]).toEqual([expected === true, expected !== undefined]);
      const explanation = rule.explain(facts);
      expect([explanation.holds, explanation.problem === null]).toEqual([outcome.holds, outcome.problem === null]);
      const [top] = explanation.parts;
      expect(top!.value).toBe(expected === undefined ? null : String(expected));
      expect(top!.problem === null).toBe(expected !== undefined);
    }),
    { numRuns: 2000 },
  );
  // Rules of all outcomes were tried.
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(50);
});

test('an explanation keeps all digits of whole numbers, in lists too', () => {
  const amounts = defineRules({ amounts: { type: 'list<int>', description: 'Amounts in minor units.' } });
  const { parts } = amounts.compile('9007199254740993 in amounts').explain({ amounts: [9_007_199_254_740_993n] });
  expect(parts.map(({ value }) => value)).toContain('[9007199254740993]');
});
