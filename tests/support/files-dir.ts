import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let dir: string | undefined;

/** The folder of files of this process's tests. It is deleted when the process ends. */
export function testFilesDir(): string {
  if (!dir) {
    const made = mkdtempSync(join(tmpdir(), 'agora-test-files-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    dir = made;
  }
  return dir;
}
