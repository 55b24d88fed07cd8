/** What must never be printed, and how it is recognised: a safety net under those who log, not a licence for them. */

const HIDDEN = '[redacted]';

/** By the name of a field, anywhere in what is logged. */
const SECRET_NAME =
  /^(authorization|cookie|set-cookie|pass(word|phrase|wd)?|key|private-?key|credentials?|cvv|cvc|pan|iban)$|api-?key$|token$|secret$|e-?mail|card-?(number|holder)?$/i;

/** By its looks: an e-mail address, a bearer's token, a JWT, a password in an address, a card's number. */
const EMAIL = /[\w.+-]+@[\w-]+(\.[\w-]+)+/g;
const BEARER = /\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi;
const JWT = /\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g;
const IN_ADDRESS = /(\/\/[^\s:/@]+):[^\s@/]+@/g;
const CARD = /\b[3-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,7}\b/g;

const MAX_DEPTH = 6;

/** The same fields, with what is secret in them hidden. Errors stay as they are: they are printed by a rule of their own. */
export function redacted(fields: Record<string, unknown>): Record<string, unknown> {
  const seen: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields))
    seen[name] = name === 'err' ? value : isHidden(name, value) ? HIDDEN : clean(value, 1);
  return seen;
}

/** A text without what looks like a secret. */
export function scrubbed(text: string): string {
  // Most lines hold nothing of it, and are not worth five expressions.
  if (!/@|bearer|basic|eyJ|\d{4}[ -]?\d{4}/i.test(text)) return text;
  return text
    .replace(IN_ADDRESS, `$1:${HIDDEN}@`)
    .replace(EMAIL, HIDDEN)
    .replace(BEARER, `$1 ${HIDDEN}`)
    .replace(JWT, HIDDEN)
    .replace(CARD, (number) => (isCard(number) ? HIDDEN : number));
}

const isHidden = (name: string, value: unknown): boolean =>
  value !== null && value !== undefined && SECRET_NAME.test(name);

function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return scrubbed(value);
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  if (depth > MAX_DEPTH) return '[deep]';
  if (value instanceof Error) return `${value.name}: ${scrubbed(value.message)}`;
  if (Array.isArray(value)) return value.map((each) => clean(each, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, isHidden(name, inner) ? HIDDEN : clean(inner, depth + 1)]),
  );
}

/** Luhn's check: nine of ten numbers that are none do not pass. */
function isCard(text: string): boolean {
  const digits = Array.from(text.matchAll(/\d/g), ([digit]) => Number(digit));
  if (digits.length < 13 || digits.length > 19) return false;
  const sum = digits.toReversed().reduce((total, digit, index) => {
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}
