import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Fault } from '../errors.ts';

/**
 * Replaces the text of a file of keys by the next one, atomically: without its keys, what was made with them is lost.
 * Without a file none is made: it would look as if the old keys still served.
 * @param next makes the next text of the present one, which is read under the lock of the rotation
 * @returns the next text
 * @throws Fault KEYS_MISSING, KEYS_BEING_ROTATED
 */
export function rotateFile(path: string, next: (text: string) => string): string {
  if (!existsSync(path))
    throw new Fault(
      'KEYS_MISSING',
      `There are no keys to rotate: ${path} is not there. Name in AGORA_DATA the folder where Agora keeps them. If the ` +
        'file is lost, put it back from a backup; where nothing was started yet, the first start makes it.',
    );
  const made = `${path}.new`;
  const file = openNew(made);
  try {
    // Read under the lock, so that a key that another command has added is kept.
    const text = next(readFileSync(path, 'utf8'));
    writeFileSync(file, text);
    fsyncSync(file);
    renameSync(made, path);
    return text;
  } catch (error) {
    rmSync(made, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

/** Opens the new file of a ring, which is also the lock of a rotation. @throws Fault KEYS_BEING_ROTATED */
function openNew(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new Fault(
      'KEYS_BEING_ROTATED',
      `Another command is rotating these keys: ${path} is there. If none runs, one was killed half-way: remove that file, and try again.`,
    );
  }
}
