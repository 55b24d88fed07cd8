import { type Refusal, refuse } from '../errors.ts';
import { isPostalCode, needsPostalCode } from '../postal-code.ts';

/** A postal address as it is kept. */
export interface Address {
  name: string;
  line1: string;
  line2?: string | null;
  city: string;
  /** Empty where the address has none. */
  postcode: string;
  region?: string | null;
  country: string;
}

/** A postal address as `AddressInput` brings it. */
export type GivenAddress = Omit<Address, 'postcode'> & { postcode?: string | null };

const REQUIRED = ['name', 'line1', 'city'] as const;
const OPTIONAL = ['line2', 'region'] as const;
const MAX_LENGTH = 200;

/**
 * The one rule of every address: its texts trimmed, blanks within them single, composed (NFC), and nothing else in it.
 * @throws Refusal INVALID_INPUT that names the field
 */
export function checkAddress(address: GivenAddress, path: readonly string[]): Address {
  const checked: Address = { name: '', line1: '', city: '', postcode: '', country: address.country };
  for (const field of REQUIRED) {
    const text = checkText(address[field], [...path, field]);
    if (!LETTER_OR_DIGIT.test(text)) throw bad(`The address needs a ${LABEL[field]}.`, [...path, field]);
    checked[field] = text;
  }
  checked.postcode = checkPostcode(address, [...path, 'postcode']);
  for (const field of OPTIONAL) checked[field] = checkText(address[field] ?? '', [...path, field]) || null;
  return checked;
}

const LABEL = { name: 'name of who receives', line1: 'street and number', city: 'city' } as const;
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;
/** What takes no ink: a text of nothing else is empty. */
const INVISIBLE = /^[\s\p{Default_Ignorable_Code_Point}\p{Cf}\u2800]*$/u;

function checkText(given: string, path: readonly string[]): string {
  // PostgreSQL stores neither NUL nor half a surrogate in jsonb, and labels print no controls.
  if (!given.isWellFormed() || /[^\P{Cc}\s]/u.test(given)) throw bad('This has a character that is none.', path);
  if (/\p{Bidi_Control}/u.test(given))
    throw bad('This has a character that turns the direction of writing: leave it out.', path);
  const text = given.normalize('NFC').replace(/\s+/gu, ' ').trim();
  if (text.length > MAX_LENGTH) throw bad(`This may have at most ${MAX_LENGTH} characters.`, path);
  return INVISIBLE.test(text) ? '' : text;
}

function checkPostcode({ postcode, country }: GivenAddress, path: readonly string[]): string {
  const isGiven = Boolean(postcode?.trim());
  if (!isGiven && !needsPostalCode(country)) return '';
  const text = checkText(postcode ?? '', path)
    .normalize('NFKC')
    .toUpperCase();
  if (!isGiven) throw bad(`An address in ${country} needs a postal code.`, path);
  if (isPostalCode(text, country)) return text;
  const hint = needsPostalCode(country) ? '' : ': leave it out where there is none';
  throw bad(`This is no postal code of ${country}${hint}.`, path);
}

const bad = (message: string, path: readonly string[]): Refusal => refuse('INVALID_INPUT', message, path);
