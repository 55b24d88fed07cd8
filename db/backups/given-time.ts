import { Fault } from '../../platform/errors.ts';

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * The given time to restore to, if it is one, in the past, and says its zone.
 * @throws {Fault} `BAD_TIME`
 */
export function givenTime(text: string, now: Date): string {
  const at = Date.parse(text);
  if (!TIME.test(text) || Number.isNaN(at))
    throw new Fault('BAD_TIME', `"${text}" is no time with its zone: say for example --to 2026-11-30T12:00:00Z.`);
  if (at > now.getTime()) throw new Fault('BAD_TIME', `${text} is yet to come: it is ${now.toISOString()}.`);
  return text;
}
