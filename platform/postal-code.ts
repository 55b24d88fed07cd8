/**
 * Postal codes: the countries that have them, and their formats. The facts are those of Google's libaddressinput
 * (https://github.com/google/libaddressinput, testdata/countryinfo.txt at e20690c, 2025-06-12), except for the Union
 * and its neighbours, whose posts all want one, and Korea's five digits since 2015. A country that is not listed has no
 * postal codes, or people write addresses without them: there a code is optional, and accepted as it is written.
 */
import { plainNumber } from './text/plain-number.ts';

/** Countries with codes of digits: least number of digits, pattern, and countries. */
const DIGITS: readonly (readonly [least: number, pattern: string, countries: string])[] = [
  [3, String.raw`\d{3}`, 'AD FO IS'],
  [3, String.raw`\d{3}(?:\d{2,3})?`, 'TW'],
  [4, String.raw`\d{4}`, 'AT AU BE BG CH CY GL HU LI LU LV NO NZ SI SJ ZA'],
  // Three digits are the Faroes', which people address as Denmark; Copenhagen's begin with a zero that is written.
  [3, String.raw`[1-9]\d{2}|\d{4}`, 'DK'],
  [4, String.raw`\d{4}(?:\d{3})?`, 'PT'],
  [
    5,
    String.raw`\d{5}`,
    'AX BL CZ EA EE ES FI FR GF GP GR HR IC IT LT MC MF MQ MX MY NC PF PL PM RE SE SK SM TR UA VA WF YT',
  ],
  // No German code begins with 00.
  [5, String.raw`(?!00)\d{5}`, 'DE'],
  [5, String.raw`\d{5}(?:\d{4})?`, 'AS FM GU MH MP PR PW US VI'],
  [5, String.raw`\d{5,6}`, 'KR RS'],
  [6, String.raw`\d{6}`, 'CN IN RO RU SG'],
  [7, String.raw`\d{7}`, 'JP'],
  [8, String.raw`\d{8}`, 'BR'],
];

const BRITISH = String.raw`[A-Z]{1,2}\d[A-Z\d]?\d[A-Z]{2}|BFPO\d{1,4}|GIR0AA`;
/** Countries with codes of letters and digits. */
const LETTERS: Readonly<Record<string, string>> = {
  CA: String.raw`[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z]\d[ABCEGHJ-NPRSTV-Z]\d`,
  FK: 'FIQQ1ZZ',
  GB: BRITISH,
  GG: BRITISH,
  GS: 'SIQQ1ZZ',
  IM: BRITISH,
  IO: 'BBND1ZZ',
  JE: BRITISH,
  MT: String.raw`[A-Z]{3}\d{2,4}`,
  NL: String.raw`[1-9]\d{3}[A-Z]{2}`,
  PN: 'PCRN1ZZ',
  SH: '(?:ASCN|STHL|TDCU)1ZZ',
  TC: 'TKCA1ZZ',
};

const whole = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`);

const NUMERIC: ReadonlyMap<string, { least: number; pattern: RegExp }> = new Map(
  DIGITS.flatMap(([least, pattern, countries]) =>
    countries.split(' ').map((country) => [country, { least, pattern: whole(pattern) }] as const),
  ),
);
const LETTERED: ReadonlyMap<string, RegExp> = new Map(
  Object.entries(LETTERS).map(([country, pattern]) => [country, whole(pattern)]),
);

/**
 * Prefixes that people write before a code for the country, besides its ISO code: car signs, a mother country's sign,
 * and those of areas that are addressed as a part of another country (FO, AX).
 */
const SIGNS = new Set('A AX B D DK E EL ES EST F FI FIN FL FO FR GL H I IT L MC N P S SLO SM US VA'.split(' '));

/** Whether an address in this country needs a postal code. */
export const needsPostalCode = (country: string): boolean => NUMERIC.has(country) || LETTERED.has(country);

/** A code in capitals, without blanks, dashes and dots, with the digits of every script as ASCII digits. */
const compact = (text: string): string =>
  plainNumber(text)
    .toUpperCase()
    .replace(/[^\p{L}\p{N}]/gu, '');

/**
 * The canonical form of a code, by which codes are compared, however it was written: `E-35001`, `sw1a1aa`, and without
 * the leading zeros that spreadsheets lose. Undefined if the country has no such code; none has one of zeros alone.
 */
export function normalPostalCode(text: string, country: string): string | undefined {
  const code = compact(text);
  const numeric = NUMERIC.get(country);
  if (numeric) {
    const sign = /^[A-Z]{1,3}(?=\d)/.exec(code)?.[0] ?? '';
    const digits = (sign === country || SIGNS.has(sign) ? code.slice(sign.length) : code).padStart(numeric.least, '0');
    return /[1-9]/.test(digits) && numeric.pattern.test(digits) ? digits : undefined;
  }
  const lettered = LETTERED.get(country);
  if (!lettered) return code === '' ? undefined : code;
  // A code may have the country as a prefix, as `NL-1012 JS`; one without may begin with the same letters.
  return [code, code.replace(new RegExp(`^${country}`), '')].find((each) => lettered.test(each));
}

/** Whether the country can have such a code. */
export const isPostalCode = (text: string, country: string): boolean => normalPostalCode(text, country) !== undefined;
