/**
 * Whether PostgreSQL can hold a text as it is, in columns and in JSON alike. It has no way to keep a NUL, and half of a
 * surrogate pair has no UTF-8 (https://infra.spec.whatwg.org/#scalar-value-string).
 */
export const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

/** What the caller is told of a text that is not. */
export const UNSTORABLE_MESSAGE = 'A text has a character that cannot be stored: NUL, or half of a surrogate pair.';
