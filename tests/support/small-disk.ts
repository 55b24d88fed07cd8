/** A small disk of a test's own: a tmpfs, which is full as soon as the test wants it. */
import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk that can be filled. */
export interface SmallDisk {
  /** Where it is mounted. */
  folder: string;
  /** Takes all space that is left on it. */
  fill(): void;
  /** Gives that space back. */
  free(): void;
  /** Unmounts it, with all that is on it. */
  remove(): void;
}

const MEGABYTE = 1_048_576;

/** Mounts such a disk; undefined where we may not mount. */
export function mountSmallDisk(megabytes: number): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'agora-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  chmodSync(folder, 0o755);
  const ballast = join(folder, 'ballast');
  return {
    folder,
    // To the last page, since other processes may take and give back space meanwhile.
    fill() {
      const file = openSync(ballast, 'a');
      for (const size of [MEGABYTE, 4096]) while (fits(file, size));
      closeSync(file);
    },
    free: () => truncateSync(ballast, 0),
    remove() {
      execFileSync('umount', ['--lazy', folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function fits(file: number, size: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(size)) === size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    return false;
  }
}
