import { type Refusal, refuse } from '../errors.ts';

/** A postal address, as `AddressInput` brings it. */
export interface Address {
  name: string;
  line1: string;
  line2?: string | null;
  city: string;
  postcode: string;
  region?: string | null;
  country: string;
}

const REQUIRED = ['name', 'line1', 'city', 'postcode'] as const;
const OPTIONAL = ['line2', 'region'] as const;
const MAX_LENGTH = 200;

/** The address with its texts trimmed and nothing else in it. @throws Refusal INVALID_INPUT that names the field */
export function checkAddress(address: Address, path: readonly string[]): Address {
  const checked: Address = { name: '', line1: '', city: '', postcode: '', country: address.country };
  for (const field of REQUIRED) {
    const text = address[field].trim();
    if (!text) throw bad(`The address needs a ${LABEL[field]}.`, [...path, field]);
    checked[field] = text;
  }
  for (const field of OPTIONAL) checked[field] = address[field]?.trim() || null;
  for (const [field, text] of Object.entries(checked)) {
    // PostgreSQL stores neither in jsonb.
    if (text && (text.includes('\0') || !text.isWellFormed()))
      throw bad('This has a character that is none.', [...path, field]);
    if (text && text.length > MAX_LENGTH)
      throw bad(`This may have at most ${MAX_LENGTH} characters.`, [...path, field]);
  }
  return checked;
}

const LABEL = {
  name: 'name of who receives',
  line1: 'street and number',
  city: 'city',
  postcode: 'postal code',
} as const;

const bad = (message: string, path: readonly string[]): Refusal => refuse('INVALID_INPUT', message, path);
