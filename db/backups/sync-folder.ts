import { closeSync, fsyncSync, openSync } from 'node:fs';

/** Brings the names in a folder onto the disk: a file that is there may still have no name there after a crash. */
export function syncFolder(folder: string): void {
  const opened = openSync(folder, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
