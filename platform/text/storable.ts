/**
 * Whether PostgreSQL can store a text unchanged, in columns and in JSON alike. It cannot store NUL, and half of a
 * surrogate pair has no UTF-8 (https://infra.spec.whatwg.org/#scalar-value-string).
 */
export const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

/** Error message for a text that cannot be stored. */
export const UNSTORABLE_MESSAGE = 'A text has a character that cannot be stored: NUL, or half of a surrogate pair.';
