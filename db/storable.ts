/** PostgreSQL's `character_not_in_repertoire`: what it says itself of a NUL. */
const CODE = '22021';

/**
 * Why these parameters cannot be stored as they are: half of a surrogate pair has no UTF-8, and would silently become
 * another character (https://infra.spec.whatwg.org/#scalar-value-string). With the code by which a client is told.
 */
export const unstorableIn = (values: unknown): Error | undefined =>
  Array.isArray(values) && values.some(isUnstorable)
    ? Object.assign(new Error('A text has half of a surrogate pair.'), { code: CODE })
    : undefined;

const isUnstorable = (value: unknown): boolean =>
  typeof value === 'string' ? !value.isWellFormed() : Array.isArray(value) && value.some(isUnstorable);
