import { refuse } from '../errors.ts';
import { isStorable, UNSTORABLE_MESSAGE } from '../text/storable.ts';

/** What a saga may be started with, as JSON: it is read again at every step that is taken up. */
const MAX_CHARACTERS = 2_000_000;

/**
 * What a saga is started with, as text. A text that PostgreSQL has no way to keep is no trouble to the engine, which
 * keeps JSON; but the step that stores it would fail for ever. So it is refused in the request that starts the saga.
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

/** Where a text, also one that is a key, cannot be stored. */
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
