import { isStorable, UNSTORABLE_MESSAGE } from '../platform/text/storable.ts';

/** PostgreSQL's `character_not_in_repertoire`, which it raises for a NUL. */
const CODE = '22021';

/**
 * Why these parameters cannot be stored as they are: half of a surrogate pair would silently become another character.
 * The code tells the client so.
 */
export const unstorableIn = (values: unknown): Error | undefined =>
  Array.isArray(values) && values.some(isUnstorable)
    ? Object.assign(new Error(UNSTORABLE_MESSAGE), { code: CODE })
    : undefined;

const isUnstorable = (value: unknown): boolean =>
  typeof value === 'string' ? !isStorable(value) : Array.isArray(value) && value.some(isUnstorable);
