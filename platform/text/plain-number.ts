import { toAscii } from './ascii.ts';

/**
 * A number that people write with more than digits, such as a postal code or a telephone number, as ASCII writes it: the
 * digits of every script as 0 to 9, and every dash as `-`, also the mark of a long vowel that Japanese keyboards give.
 */
export const plainNumber = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/(?!\d)\p{Nd}/gu, (digit) => toAscii(digit) || digit)
    .replace(/[\p{Pd}\u2212]|(?<=\d)\u30FC(?=\d)/gu, '-');
