import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { makeFolder } from '../folders.ts';
import { checkKey, type FileStore, isKey, missing, type StoredContent, storeFailed, storeFull } from './file-store.ts';

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';
const isGone = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(error));

/** The ending of a file that is being written: no key of a record has it, so what a crash leaves is swept. */
const PART = '.part';

/**
 * Keeps contents in a folder: of this machine, or one that several share. A content is written beside its place, flushed
 * to the disk and renamed, so it is there whole or not at all. Only the user of the process may read it.
 */
export function diskStore(folder: string): FileStore {
  const root = resolve(folder);
  /** Folders whose own names survive a power cut, as far as is known. */
  const durable = new Set<string>();
  /** Flushes the names of a folder and of those that it lies in, up to the root: each may be new. Once a process. */
  const keepFolder = async (path: string): Promise<void> => {
    for (let at = path; at.length >= root.length && !durable.has(at); at = dirname(at)) {
      await flushFolder(dirname(at));
      durable.add(at);
    }
  };
  const pathOf = (key: string): string => {
    checkKey(key);
    return join(root, key);
  };

  return {
    async put(key, content, bytes) {
      const path = pathOf(key);
      const part = `${path}.${randomBytes(4).toString('hex')}${PART}`;
      let isOurs = false;
      try {
        makeFolder(dirname(path), 0o700);
        const file = await open(part, 'wx', 0o600);
        isOurs = true;
        // Flushed before it is closed: a name that survives a power cut must not have an empty file behind it.
        await pipeline(content, file.createWriteStream({ flush: true }));
        const { size } = await stat(part);
        if (size !== bytes) throw storeFailed(`${size} of ${bytes} bytes were written.`);
        await rename(part, path);
        await flushFolder(dirname(path));
        await keepFolder(dirname(path));
      } catch (error) {
        if (isOurs) await rm(part, { force: true }).catch(() => {});
        throw ['ENOSPC', 'EDQUOT'].includes(codeOf(error)) ? storeFull(error) : error;
      }
    },

    async get(key, start = 0): Promise<Readable> {
      try {
        const file = await open(pathOf(key));
        return file.createReadStream({ start });
      } catch (error) {
        throw isGone(error) ? missing(key) : error;
      }
    },

    delete: (key) => rm(pathOf(key), { force: true }),

    async *list(agent): AsyncIterable<StoredContent> {
      for (const folder of await namesIn(join(root, agent)))
        for (const name of await namesIn(join(root, agent, folder))) {
          const key = `${agent}/${folder}/${name}`;
          if (!isKey(key)) continue;
          // Deleted meanwhile.
          const found = await stat(join(root, key)).catch(() => undefined);
          if (found?.isFile()) yield { key, storedAt: found.mtime };
        }
    },
  };
}

/** The names in a folder in the order of their bytes, which are ASCII; none if it is not there. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/**
 * Has the names in a folder survive a power cut. Windows has no such thing, and a folder that we may not read is none of
 * those that we make.
 */
async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder).catch((error: unknown) => {
    if (codeOf(error) !== 'EACCES') throw error;
  });
  if (!handle) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
