/** Redaction of secrets and personal data in logs: a safety net for mistakes, not a licence to log them. */

const HIDDEN = '[redacted]';

/** Names of fields that are redacted, at any depth. */
const SECRET_NAME =
  /^(authorization|cookie|set-cookie|pass(word|phrase|wd)?|key|private-?key|credentials?|cvv|cvc|pan|iban)$|api-?key$|token$|secret$|e-?mail|card-?(number|holder)?$/i;

/** Patterns that are redacted in texts: e-mail address, bearer token, JWT, password in a URL, card number. */
const EMAIL = /[\w.+-]+@[\w-]+(\.[\w-]+)+/g;
const BEARER = /\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi;
const JWT = /\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g;
const IN_ADDRESS = /(\/\/[^\s:/@]+):[^\s@/]+@/g;
const CARD = /\b[3-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,7}\b/g;

const MAX_DEPTH = 6;

/** The same fields, redacted. `err` stays as it is, since errors are printed by a rule of their own. */
export function redacted(fields: Record<string, unknown>): Record<string, unknown> {
  const seen: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields))
    seen[name] = name === 'err' ? value : isHidden(name, value) ? HIDDEN : clean(value, 1);
  return seen;
}

/** A text, redacted by patterns. */
export function scrubbed(text: string): string {
  // A quick test, since most lines have nothing to redact.
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

/** Luhn's check, which excludes nine of ten numbers that are no card numbers. */
function isCard(text: string): boolean {
  const digits = Array.from(text.matchAll(/\d/g), ([digit]) => Number(digit));
  if (digits.length < 13 || digits.length > 19) return false;
  const sum = digits.toReversed().reduce((total, digit, index) => {
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}
