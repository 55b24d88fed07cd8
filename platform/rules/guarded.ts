/**
 * Rules as they are evaluated: their text with functions of ours around the parts that cel-js 8.0.0 evaluates to values that
 * CEL does not have, a whole number of 65 bits or the 30th of February. Without them such a value would decide a rule.
 */
import type { Environment } from '@marcbachmann/cel-js';
import { isInt64, isTime } from './facts.ts';
import { operandsOf, type RuleNode } from './nodes.ts';
import { textOf } from './rule-text.ts';

const TIMESTAMP = 'google.protobuf.Timestamp';
const DURATION = 'google.protobuf.Duration';

/** A duration of cel-js, which does not export its class. */
interface Duration {
  readonly seconds: bigint;
  subtractDuration(other: Duration): Duration;
}

/** Longest duration, in seconds: 10,000 years (https://protobuf.dev/reference/protobuf/google.protobuf/#duration). */
const LONGEST = 315_576_000_000n;

const problem = (text: string): never => {
  throw new Error(text);
};

/** Date and time of RFC 3339, https://www.rfc-editor.org/rfc/rfc3339#section-5.6: the parts that `Date` would carry over. */
const TIME = /^(\d{4}-\d{2}-(\d{2}))T(?:[01]\d|2[0-3]):\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):\d{2})$/i;

/** A time by its text. `Date` reads the 30th of February as the 2nd of March. */
function timeIn(text: string): Date {
  const [, date, day] = TIME.exec(text) ?? [];
  const time = new Date(text.toUpperCase());
  const isInCalendar = date !== undefined && new Date(date).getUTCDate() === Number(day);
  return isInCalendar && isTime(time)
    ? time
    : problem(`${JSON.stringify(text)} is no time: write 2026-06-01T00:00:00Z.`);
}

const INT = /^[+-]?\d{1,30}$/;
const DOUBLE = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const SPAN = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/;

/** Functions that take the place of conversions of texts, which cel-js reads too generously. */
const OF_TEXT: Readonly<Record<string, { type: string; read(text: string): unknown }>> = {
  timestamp: { type: TIMESTAMP, read: timeIn },
  int: {
    type: 'int',
    read: (text) => (INT.test(text) ? BigInt(text) : problem(`${JSON.stringify(text)} is no whole number.`)),
  },
  double: {
    type: 'double',
    read: (text) => (DOUBLE.test(text) ? Number(text) : problem(`${JSON.stringify(text)} is no number.`)),
  },
};

/** The results of these types, checked. */
const CHECKED: Readonly<Record<string, (value: never) => unknown>> = {
  int: (value: bigint) => (isInt64(value) ? value : problem('Integer overflow: a whole number has 64 bits.')),
  double: (value: number) =>
    Number.isFinite(value) ? value : problem('This fraction is no number: an overflow, or a division by zero.'),
  [TIMESTAMP]: (value: Date) => (isTime(value) ? value : problem('This time is not in the years 1 to 9999.')),
  [DURATION](value: Duration) {
    if (value.seconds > LONGEST || value.seconds < -LONGEST) problem('This duration is longer than 10,000 years.');
    // Sums of cel-js are right for parts of a second that count upwards, as differences have them: nothing is taken off.
    return value.subtractDuration(value.subtractDuration(value));
  },
};

/** Operators with results that are to be checked. */
const COUNTING: ReadonlySet<string> = new Set(['-_', '+', '-', '*', '/', '%', 'call']);

const isOfText = (node: RuleNode): boolean => operandsOf(node)[0]?.checkedType?.name === 'string';

/** Declares the functions that {@link guardedText} names. Rules cannot: the names are none of those that they may use. */
export function declareGuards(environment: Environment): void {
  for (const [name, { type, read }] of Object.entries(OF_TEXT))
    environment.registerFunction(`guarded_${name}(string): ${type}`, read);
  environment.registerFunction(`guarded_duration(string): string`, (text: string) =>
    SPAN.test(text) ? text : problem(`${JSON.stringify(text)} is no duration: write 24h, 90m or 1.5s.`),
  );
  for (const [type, check] of Object.entries(CHECKED))
    environment.registerFunction(`checked(${type}): ${type}`, check as (value: unknown) => unknown);
}

/** The text of a checked node as it is evaluated. */
export const guardedText = (node: RuleNode): string =>
  textOf(node, (part, text) => {
    const type = part.checkedType?.name ?? '';
    if (!COUNTING.has(part.op) || !Object.hasOwn(CHECKED, type)) return text;
    if (part.op !== 'call' || !isOfText(part)) return `checked(${text})`;
    const name = part.args[0];
    if (name === 'duration') return `checked(duration(guarded_${text}))`;
    return Object.hasOwn(OF_TEXT, name) ? `checked(guarded_${text})` : text;
  });
