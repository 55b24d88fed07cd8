import { type Refusal, refuse } from '../errors.ts';
import { isPostalCode, needsPostalCode } from '../postal-code.ts';
import { plainNumber } from '../text/plain-number.ts';
import { checkName } from '../text/text.ts';
import { checkAll } from './refusals.ts';

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

/**
 * The one rule of every address: each text is a name (platform/text), composed (NFC), with single blanks, and nothing
 * else is in it.
 * @throws Refusal INVALID_INPUT that names each field that is wrong
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

/** One line, empty if nothing or only blanks are given. */
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
