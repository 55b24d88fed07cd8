import { type Refusal, refuse } from '../errors.ts';
import { isPostalCode, needsPostalCode } from '../postal-code.ts';
import { plainNumber } from '../text/plain-number.ts';
import { checkName } from '../text/text.ts';
import { checkAll } from './refusals.ts';

/** A postal address in its stored form. */
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

/** A postal address as given in an `AddressInput`. */
export type GivenAddress = Omit<Address, 'postcode'> & { postcode?: string | null };

/**
 * Validates and normalises every address: each text is a name (platform/text), composed (NFC) and with single blanks;
 * other properties are dropped.
 * @throws Refusal INVALID_INPUT with an error for each invalid field
 */
export function checkAddress(address: GivenAddress, path: readonly string[]): Address {
  const needed = (field: keyof typeof LABEL) => () => {
    const text = lineOf(address[field], [...path, field]);
    if (!LETTER_OR_DIGIT.test(text)) throw bad(`The address needs a ${LABEL[field]}.`, [...path, field]);
    return text;
  };
  const possible = (field: 'line2' | 'region') => () => lineOf(address[field] ?? '', [...path, field]) || null;
  const [name, line1, city, postcode, line2, region] = checkAll(
    needed('name'),
    needed('line1'),
    needed('city'),
    () => checkPostcode(address, [...path, 'postcode']),
    possible('line2'),
    possible('region'),
  );
  return { name, line1, line2, city, postcode, region, country: address.country };
}

const LABEL = { name: 'name of who receives', line1: 'street and number', city: 'city' } as const;
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;

/** A text as one line, empty if it has only blanks. */
function lineOf(given: string, path: readonly string[]): string {
  const text = given.normalize('NFC').replace(/\s+/gu, ' ').trim();
  return text && checkName(text, path);
}

function checkPostcode({ postcode, country }: GivenAddress, path: readonly string[]): string {
  const text = lineOf(plainNumber(postcode ?? '').toUpperCase(), path);
  if (!text && !needsPostalCode(country)) return '';
  if (!text) throw bad(`An address in ${country} needs a postal code.`, path);
  if (isPostalCode(text, country)) return text;
  const hint = needsPostalCode(country) ? '' : ': leave it out where there is none';
  throw bad(`This is no postal code of ${country}${hint}.`, path);
}

const bad = (message: string, path: readonly string[]): Refusal => refuse('INVALID_INPUT', message, path);
