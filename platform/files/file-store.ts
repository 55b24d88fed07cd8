import type { Readable } from 'node:stream';
import { Fault } from '../errors.ts';

/** A stored content, as a listing has it. */
export interface StoredContent {
  key: string;
  /** When it was stored, by the clock of the store. */
  storedAt: Date;
}

/**
 * Where the bytes of files are: every process that takes, serves, reads or writes files has the same one. A content is
 * written once and never changed, so two writers never share a key.
 */
export interface FileStore {
  /**
   * Stores a content under a key, whole or not at all: until it is whole nobody can get it, also if the process dies.
   * @param bytes its length
   * @throws Fault FILE_STORE_FULL, FILE_STORE_FAILED, or the content's own error
   */
  put(key: string, content: AsyncIterable<Uint8Array>, bytes: number): Promise<void>;
  /** Reads a content. @param start the first byte, from 0 @throws Fault FILE_MISSING, FILE_STORE_FAILED */
  get(key: string, start?: number): Promise<Readable>;
  /** Deletes a content. Does nothing if there is none. @throws Fault FILE_STORE_FAILED */
  delete(key: string): Promise<void>;
  /**
   * Lists the contents of an agent, in the order of their keys' bytes. What an upload left half-way is among them; what
   * has no name that a key may have is not ours (a console's folder, a desktop's `.DS_Store`), and is not.
   */
  list(agent: string): AsyncIterable<StoredContent>;
}

/**
 * Keys: the agent, a folder, and a name: `product/01kbt/file_01kbt….3f2a`. Nothing else, so that no key leaves its folder
 * on a disk.
 */
const KEY = /^[a-z][a-z0-9]{1,30}\/[a-z0-9]{1,10}\/[a-z0-9][a-z0-9_.-]{0,150}$/;

/** Whether a text is a key. */
export const isKey = (text: string): boolean => KEY.test(text) && !text.includes('..');

/** Checks a key. @throws Fault BAD_FILE_KEY */
export function checkKey(key: string): void {
  if (!isKey(key)) throw new Fault('BAD_FILE_KEY', 'This is no key of a file.');
}

/** The fault of a content that is not there. */
export const missing = (key: string): Fault => new Fault('FILE_MISSING', `The content ${key} is not in the store.`);

/** The fault of a store that is full: it may have space again later. */
export const storeFull = (cause: unknown): Fault =>
  new Fault('FILE_STORE_FULL', 'The store of files has no space left: make some, or have an operator make it.', {
    cause,
    recovery: 'RETRY',
  });

/** The fault of a store that does not work now. */
export const storeFailed = (what: string, cause?: unknown): Fault =>
  new Fault('FILE_STORE_FAILED', `The store of files does not work: ${what}`, { cause, recovery: 'RETRY' });
