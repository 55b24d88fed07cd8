/** Validation of texts that people write: names of one line, and longer texts. Pure. */
import { refuse, type Refusal } from '../errors.ts';
import { isStorable, UNSTORABLE_MESSAGE } from './storable.ts';

/** Limits of a text's length, in characters. */
export interface TextLimits {
  /** @default 200 */
  max?: number;
  /** 0 if the text may be empty. @default 1 */
  min?: number;
}

/**
 * Validates a name: one visible line, without blanks around it. Bidirectional controls are refused, since such a name
 * reads as another one (https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing).
 * @returns the name without the blanks around it
 * @throws Refusal INVALID_INPUT with the reason, at the path
 */
export function checkName(name: string, path: readonly string[], { max = 200 }: Pick<TextLimits, 'max'> = {}): string {
  const trimmed = name.trim();
  checkStorable(trimmed, path);
  checkLength(trimmed, 1, max, path);
  if (NOT_IN_NAMES.test(trimmed))
    throw bad(
      'This is one line: leave out line breaks, control characters, and what turns the direction of text.',
      path,
    );
  return trimmed;
}

/**
 * Validates a text of any number of lines, which is kept as it was written.
 * @throws Refusal INVALID_INPUT with the reason, at the path
 */
export function checkText(text: string, path: readonly string[], { max = 200, min = 1 }: TextLimits = {}): string {
  checkStorable(text, path);
  checkLength(text, min, max, path);
  if (NOT_IN_TEXTS.test(text)) throw bad('Leave out control characters, other than tabs and line breaks.', path);
  return text;
}

/**
 * A secret or a machine's text, such as a password or a token: of any characters, but not of any number. The refusal
 * repeats nothing of it.
 * @throws Refusal INVALID_INPUT that says how long it may be, at the path
 */
export function checkOpaque(text: string, path: readonly string[], { max }: { max: number }): string {
  if (isLonger(text, max)) throw bad(tooLong(max), path);
  return text;
}

/**
 * Checks that PostgreSQL can store a text.
 * @throws Refusal INVALID_INPUT at the path
 */
export function checkStorable(text: string, path: readonly string[]): void {
  if (!isStorable(text)) throw bad(UNSTORABLE_MESSAGE, path);
}

/**
 * Folds a text for comparison, not for display: equal for `Größe`, `GRÖSSE` and `ｇröße`, for any number of blanks
 * between words, and with or without invisible characters.
 */
export const foldText = (text: string): string =>
  text
    .replace(NOT_SHOWN, '$1')
    .normalize('NFKC')
    .replace(/[\s\u2800]+/g, ' ')
    .trim()
    // Three steps, since `ẞ` is a capital without one of its own, and some capitals decompose into their marks.
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKC');

function checkLength(text: string, min: number, max: number, path: readonly string[]): void {
  if (min > 0 && !VISIBLE.test(text))
    throw bad(`This needs ${min} to ${max} characters, of which one can be seen.`, path);
  if (!isLonger(text, max) && !isShorter(text, min)) return;
  throw bad(min > 0 ? `This needs ${min} to ${max} characters.` : tooLong(max), path);
}

const tooLong = (max: number): string => `This has at most ${max} characters.`;

/** Whether a text is longer, in characters, of which some are two UTF-16 code units. */
const isLonger = (text: string, max: number): boolean =>
  text.length > max && (text.length > 2 * max || Array.from(text).length > max);

const isShorter = (text: string, min: number): boolean =>
  text.length < min || (text.length < 2 * min && Array.from(text).length < min);

/** Makes a name that {@link checkName} accepts of an outside system's text; undefined if nothing visible is left. */
export function nameOutOf(text: string, { max = 200 }: Pick<TextLimits, 'max'> = {}): string | undefined {
  const shown = text
    .slice(0, 4 * max)
    .toWellFormed()
    .replace(ALL_NOT_IN_NAMES, ' ')
    .trim();
  const name = Array.from(shown).slice(0, max).join('').trim();
  return VISIBLE.test(name) ? name : undefined;
}

/** A visible character: neither blank nor control, format or filler character, nor a combining mark. */
const VISIBLE = /[^\p{Cc}\p{Cf}\p{Cs}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/u;
/** Control characters, separators of lines, and embeddings, overrides and isolates of the bidirectional algorithm. */
const NOT_IN_NAMES = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;
const ALL_NOT_IN_NAMES = new RegExp(NOT_IN_NAMES, 'gu');
/** Characters that no font shows by themselves, except the tags of flag emoji, which are captured as `$1`. */
const NOT_SHOWN = /(\p{RGI_Emoji_Tag_Sequence})|\p{Default_Ignorable_Code_Point}/gv;
const NOT_IN_TEXTS = /[^\P{Cc}\t\n\r]/u;

const bad = (message: string, path: readonly string[]): Refusal => refuse('INVALID_INPUT', message, path);
