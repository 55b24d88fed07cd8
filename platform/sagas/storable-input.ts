import { refuse } from '../errors.ts';
import { isStorable, UNSTORABLE_MESSAGE } from '../text/storable.ts';

/** Longest input of a saga, as JSON: it is read again at every step that is resumed. */
const MAX_CHARACTERS = 2_000_000;

/**
 * The input of a saga, as JSON text. The engine can keep texts that PostgreSQL cannot store, since it keeps JSON; but
 * the step that stores such a text would fail for ever. So it is refused in the request that starts the saga.
 * @throws Refusal INVALID_INPUT with the path
 */
export function storableText(input: Record<string, unknown>): string {
  const path = unstorablePath(input);
  if (path) throw refuse('INVALID_INPUT', UNSTORABLE_MESSAGE, ['input', ...path]);
  const text = JSON.stringify(input);
  if (text.length > MAX_CHARACTERS)
    throw refuse('INVALID_INPUT', `This is too large: at most ${MAX_CHARACTERS} characters in all.`, ['input']);
  return text;
}

/** Path of a text, or of a key, that cannot be stored. */
function unstorablePath(value: unknown): string[] | undefined {
  if (typeof value === 'string') return isStorable(value) ? undefined : [];
  if (value === null || typeof value !== 'object') return undefined;
  for (const [key, inner] of Object.entries(value)) {
    if (!isStorable(key)) return [];
    const path = unstorablePath(inner);
    if (path) return [key, ...path];
  }
  return undefined;
}
