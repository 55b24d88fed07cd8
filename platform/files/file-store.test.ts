/** Both stores keep what the port promises. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { onLinux } from '../../tests/support/or-skip.ts';
import { until } from '../../tests/support/until.ts';
import { dieWithParent } from '../die-with-parent.ts';
import { openS3, S3_KEY, type S3Server } from '../../tests/support/s3-server.ts';
import { diskStore } from './disk-store.ts';
import type { FileStore } from './file-store.ts';
import { s3Store } from './s3-store.ts';

let dir: string;
let s3: S3Server;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'agora-files-'));
  s3 = await openS3();
});
afterAll(async () => {
  await s3?.close();
  rmSync(dir, { recursive: true, force: true });
});

const UPLOADER = fileURLToPath(new URL('../../tests/support/upload-child.ts', import.meta.url));
const KEY = 'small/01kbt/file_01kbt0000000000000000000.0a1b2c3d';
const chunks = async function* (...parts: (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    yield Buffer.from(part);
  }
};
const keysOf = async (store: FileStore, agent = 'small'): Promise<string[]> => {
  const keys: string[] = [];
  for await (const { key } of store.list(agent)) keys.push(key);
  return keys;
};
const bucket = (more: Partial<Parameters<typeof s3Store>[0]> = {}): FileStore =>
  s3Store({ url: s3.url, ...S3_KEY, ...more });

describe.each<[string, () => FileStore]>([
  ['a disk', () => diskStore(dir)],
  ['a bucket', bucket],
])('%s', (_, open) => {
  let store: FileStore;
  beforeEach(() => {
    rmSync(join(dir, 'small'), { recursive: true, force: true });
    s3.objects.clear();
    store = open();
  });

  test('gives back what was put, from any byte on', async () => {
    await store.put(KEY, chunks('abc', '', 'defgh'), 8);
    expect(String(await buffer(await store.get(KEY)))).toBe('abcdefgh');
    expect(String(await buffer(await store.get(KEY, 5)))).toBe('fgh');
    expect(String(await buffer(await store.get(KEY, 8)))).toBe('');
  });

  test('keeps an empty content', async () => {
    await store.put(KEY, chunks(), 0);
    expect(await buffer(await store.get(KEY))).toHaveLength(0);
  });

  test('keeps a large content without holding it in memory at once', async () => {
    const part = Buffer.alloc(1_000_000, 7);
    let ahead = 0;
    const large = async function* (): AsyncGenerator<Uint8Array> {
      for (let n = 0; n < 30; n++) {
        ahead++;
        yield part;
        ahead--;
      }
    };
    await store.put(KEY, large(), 30_000_000);
    expect(ahead).toBe(0);
    let bytes = 0;
    for await (const chunk of await store.get(KEY)) bytes += (chunk as Buffer).length;
    expect(bytes).toBe(30_000_000);
  });

  test('keeps nothing of a content that breaks off, and throws its error', async () => {
    await expect(store.put(KEY, chunks('abc', new Error('broken off')), 8)).rejects.toThrow('broken off');
    expect(await keysOf(store)).toEqual([]);
    await expect(store.get(KEY)).rejects.toMatchObject({ code: 'FILE_MISSING' });
  });

  test('keeps nothing of a content that is shorter than its length', async () => {
    await expect(store.put(KEY, chunks('abc'), 8)).rejects.toMatchObject({ code: 'FILE_STORE_FAILED' });
    expect(await keysOf(store)).toEqual([]);
  });

  test('lists the contents of one agent, in the order of their keys, and when they were stored', async () => {
    s3.pageSize = 2;
    const keys = ['small/01kbt/b.1', 'small/01kbs/z.9', 'small/01kbt/a.2', 'small/01kbt/a.1', 'smaller/01kbt/a.1'];
    for (const key of keys) await store.put(key, chunks('x'), 1);
    expect(await keysOf(store)).toEqual(['small/01kbs/z.9', 'small/01kbt/a.1', 'small/01kbt/a.2', 'small/01kbt/b.1']);
    for await (const { storedAt } of store.list('small')) expect(Date.now() - storedAt.getTime()).toBeLessThan(60_000);
    expect(await keysOf(store, 'none')).toEqual([]);
  });

  test('deletes a content, and does nothing if it is not there', async () => {
    await store.put(KEY, chunks('x'), 1);
    await store.delete(KEY);
    await store.delete(KEY);
    await expect(store.get(KEY)).rejects.toMatchObject({ code: 'FILE_MISSING' });
  });

  test.each([
    '../secret',
    'small/../../etc/passwd',
    '/etc/passwd',
    'small/a/..',
    'small/a/b/c',
    'small/a/.hidden',
    'small/a/b\0',
    'Small/a/b',
    '',
  ])('takes no key that leads elsewhere: %j', async (key) => {
    await expect(store.put(key, chunks('x'), 1)).rejects.toMatchObject({ code: 'BAD_FILE_KEY' });
    await expect(store.get(key)).rejects.toMatchObject({ code: 'BAD_FILE_KEY' });
    await expect(async () => store.delete(key)).rejects.toMatchObject({ code: 'BAD_FILE_KEY' });
  });
});

describe('a disk', () => {
  test('lets only the user of the process read, whatever the umask is', async () => {
    const before = process.umask(0);
    try {
      await diskStore(join(dir, 'own')).put(KEY, chunks('x'), 1);
    } finally {
      process.umask(before);
    }
    const mode = (path: string): number => statSync(join(dir, 'own', path)).mode & 0o777;
    expect([mode('.'), mode('small'), mode('small/01kbt'), mode(KEY)]).toEqual([0o700, 0o700, 0o700, 0o600]);
  });

  onLinux(test)('flushes the folder of a content, and the folders of all folders that are new', async () => {
    const root = join(dir, 'flushed', 'files');
    const handle = await openFile(dir);
    const proto = Object.getPrototypeOf(handle) as typeof handle;
    await handle.close();
    const flushed: string[] = [];
    const { sync } = proto;
    proto.sync = async function (this: typeof handle) {
      flushed.push(relative(dir, readlinkSync(`/proc/self/fd/${this.fd}`)));
      return sync.call(this);
    };
    const folders = () => flushed.splice(0).filter((name) => !name.endsWith('.part'));
    try {
      const store = diskStore(root);
      await store.put(KEY, chunks('x'), 1);
      expect(new Set(folders())).toEqual(
        new Set(['flushed/files/small/01kbt', 'flushed/files/small', 'flushed/files', 'flushed']),
      );
      await store.put(KEY.replace('01kbt', '01kbu'), chunks('x'), 1);
      expect(folders()).toEqual(['flushed/files/small/01kbu', 'flushed/files/small']);
      await store.put(`${KEY}1`, chunks('x'), 1);
      expect(folders()).toEqual(['flushed/files/small/01kbt']);
    } finally {
      proto.sync = sync;
    }
  });

  test('has what a crash left of an upload in its listing, so that it is swept', async () => {
    const root = join(dir, 'crashed');
    mkdirSync(join(root, 'small/01kbt'), { recursive: true });
    writeFileSync(join(root, `${KEY}.00ff00ff.part`), 'half');
    const store = diskStore(root);
    expect(await keysOf(store)).toEqual([`${KEY}.00ff00ff.part`]);
    await store.delete(`${KEY}.00ff00ff.part`);
    expect(readdirSync(join(root, 'small/01kbt'))).toEqual([]);
  });

  test('keeps nothing that can be got of an upload whose process is killed in the middle', async () => {
    const root = join(dir, 'killed');
    const command = dieWithParent(process.execPath, ['--no-warnings', UPLOADER, root, KEY]);
    const child = spawn(...command, { stdio: ['ignore', 'ignore', 'inherit'] });
    const store = diskStore(root);
    const keysThere = async (): Promise<string[]> => (existsSync(root) ? keysOf(store) : []);
    await until('some of it is written', async () => {
      const [part] = await keysThere();
      return part !== undefined && statSync(join(root, part)).size > 0;
    });
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    expect(await keysThere()).toEqual([expect.stringMatching(/\.part$/)]);
    await expect(store.get(KEY)).rejects.toMatchObject({ code: 'FILE_MISSING' });
  });

  test('that is full says so, and keeps nothing', async () => {
    // As a write to the disk fails, in the middle of a content.
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    const store = diskStore(join(dir, 'full'));
    await expect(store.put(KEY, chunks('abc', full), 8)).rejects.toMatchObject({
      code: 'FILE_STORE_FULL',
      recovery: 'RETRY',
    });
    expect(await keysOf(store)).toEqual([]);
  });
});

test('what has no name that a key may have is not listed, so that nobody deletes it', async () => {
  const folder = diskStore(join(dir, 'strange'));
  await folder.put(KEY, chunks('x'), 1);
  for (const name of ['.DS_Store', '.nfs000000000001', 'Thumbs.db', 'a..b'])
    writeFileSync(join(dir, 'strange', dirname(KEY), name), 'x');
  expect(await keysOf(folder)).toEqual([KEY]);
  await bucket().put(KEY, chunks('x'), 1);
  const object = s3.objects.get(KEY)!;
  for (const name of ['', '/', 'Thumbs.db']) s3.objects.set(`${KEY.split('/')[0]}/${name}`, object);
  try {
    expect(await keysOf(bucket())).toEqual([KEY]);
  } finally {
    s3.objects.clear();
  }
});

describe('a bucket', () => {
  test('is not opened with another key', async () => {
    const stranger = bucket({ secretAccessKey: 'another' });
    await expect(stranger.get(KEY)).rejects.toMatchObject({
      code: 'FILE_STORE_FAILED',
      message: expect.stringContaining('403 SignatureDoesNotMatch'),
    });
  });

  test('whose service keeps still is given up, and may work later', async () => {
    const store = bucket({ stillMs: 50 });
    for (const work of [
      () => store.put(KEY, chunks('x'), 1),
      () => store.get(KEY),
      () => store.delete(KEY),
      () => keysOf(store),
    ]) {
      s3.next = { keepsStill: true };
      await expect(work()).rejects.toMatchObject({ code: 'FILE_STORE_FAILED', recovery: 'RETRY' });
    }
    await bucket().put(KEY, chunks('x'), 1);
  });

  test('waits for a slow sender, who has a time limit of their own', async () => {
    const store = bucket({ stillMs: 1000 });
    const slow = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('a');
      await new Promise((resolve) => setTimeout(resolve, 1500));
      yield Buffer.from('b');
    };
    await store.put(KEY, slow(), 2);
    expect(String(s3.objects.get(KEY)!.body)).toBe('ab');
  });

  test('that is full, or fails, says which', async () => {
    s3.next = { status: 507 };
    await expect(bucket().put(KEY, chunks('x'), 1)).rejects.toMatchObject({ code: 'FILE_STORE_FULL' });
    s3.next = { status: 403, code: 'QuotaExceeded' };
    await expect(bucket().put(KEY, chunks('x'), 1)).rejects.toMatchObject({ code: 'FILE_STORE_FULL' });
    s3.next = { status: 500 };
    await expect(bucket().put(KEY, chunks('x'), 1)).rejects.toMatchObject({ code: 'FILE_STORE_FAILED' });
  });

  test('is not kept busy with a content that nobody begins to read', async () => {
    const { promise: left, resolve } = Promise.withResolvers<void>();
    const service = createServer((_, response) => {
      response.on('close', resolve);
      response.writeHead(200, { 'content-length': 1_000_000 }).write('x');
    });
    service.listen(0, '127.0.0.1');
    await once(service, 'listening');
    const { port } = service.address() as AddressInfo;
    const content = await bucket({ url: `http://127.0.0.1:${port}/bucket` }).get(KEY);
    content.destroy();
    const late = wait(2000, 'late', { ref: false });
    expect(await Promise.race([left, late])).toBe(undefined);
    service.closeAllConnections();
    service.close();
  });

  test('whose content breaks off is an error for its reader', async () => {
    await bucket().put(KEY, chunks('x'.repeat(100_000)), 100_000);
    s3.next = { breaksOff: true };
    const content = await bucket().get(KEY);
    await expect(buffer(content)).rejects.toMatchObject({ code: 'FILE_STORE_FAILED' });
  });
});
