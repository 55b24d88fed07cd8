import { isStorable, UNSTORABLE_MESSAGE } from '../platform/text/storable.ts';

/** PostgreSQL's `character_not_in_repertoire`: what it says itself of a NUL. */
const CODE = '22021';

/**
 * Why these parameters cannot be stored as they are: half of a surrogate pair would silently become another character.
 * With the code by which a client is told.
 */
export const unstorableIn = (values: unknown): Error | undefined =>
  Array.isArray(values) && values.some(isUnstorable)
    ? Object.assign(new Error(UNSTORABLE_MESSAGE), { code: CODE })
    : undefined;

const isUnstorable = (value: unknown): boolean =>
  typeof value === 'string' ? !isStorable(value) : Array.isArray(value) && value.some(isUnstorable);
