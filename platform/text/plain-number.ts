import { toAscii } from './ascii.ts';

/**
 * Normalises a postal code, a telephone number or the like to ASCII: digits of every script become 0 to 9, and every
 * dash `-`, also the long-vowel mark of Japanese keyboards.
 */
export const plainNumber = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/(?!\d)\p{Nd}/gu, (digit) => toAscii(digit) || digit)
    .replace(/[\p{Pd}\u2212]|(?<=\d)\u30FC(?=\d)/gu, '-');
