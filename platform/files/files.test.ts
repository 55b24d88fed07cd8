import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type ClamdServer, EICAR, openClamd } from '../../tests/support/clamd-server.ts';
import { testSecrets } from '../../tests/support/counting-job.ts';
import { meetingChange } from '../../tests/support/meeting-change.ts';
import { openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { until } from '../../tests/support/until.ts';
import { FixedClock } from '../clock.ts';
import { readConfig } from '../config/config.ts';
import type { RequestContext } from '../graphql/context.ts';
import { silentLogger } from '../log.ts';
import { newKey } from '../secrets/key-ring.ts';
import { secretsWith } from '../secrets/secrets.ts';
import { clamdScanner } from './clamd-scanner.ts';
import { putChecked } from './content-check.ts';
import { diskStore } from './disk-store.ts';
import { createFiles, type Files } from './files.ts';
import { uploadMs } from './upload-time.ts';

const LINES = '{"a":1}\n';
const DAY = 86_400_000;

let small: SmallAgent;
let clamd: ClamdServer;
let dir: string;
let clock: FixedClock;
beforeAll(async () => {
  small = await openSmallAgent();
  clamd = await openClamd();
  dir = mkdtempSync(join(tmpdir(), 'agora-files-'));
});
afterAll(async () => {
  await clamd?.close();
  await small?.database.drop();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  clock = new FixedClock('2026-06-01T12:00:00Z');
  clamd.mood = 'WELL';
  rmSync(dir, { recursive: true, force: true });
  await small.database.pool.query('truncate small.file');
});

const purposes = {
  lines: { types: ['application/x-ndjson'], maxBytes: 1000, keptDays: 7, isUploaded: true },
  made: { types: ['application/x-ndjson'], maxBytes: 1000, keptDays: 2 },
} as const;
function filesOf({ scans = false, secrets = testSecrets, publicUrl = '' } = {}): Files {
  const config = readConfig({ NODE_ENV: 'test', FILES_DIR: dir, PUBLIC_URL: publicUrl });
  const context = { store: small.store, clock, log: silentLogger, config, secrets };
  return createFiles('small', context, purposes, scans ? { scanner: clamdScanner(clamd) } : {});
}

const context = (id = 'user_1') => ({ actor: { id }, correlationId: 'req_1' }) as RequestContext;
const announce = (files: Files, more: object = {}) =>
  files.announce(
    { name: 'Lines', mediaType: 'application/x-ndjson', bytes: LINES.length, purpose: 'lines', ...more },
    { ownerId: 'merchant_1', context: context() },
  );
const linkIn = (url: string): string => url.split('/').at(-1)!;
const content = async function* (given = LINES): AsyncGenerator<Uint8Array> {
  yield Buffer.from(given);
};
/** What the gateway does with a link for an upload. */
async function upload(files: Files, url: string, given = LINES) {
  const link = linkIn(url);
  const { outcome, transfer } = await files.transfer({ link });
  if (outcome !== 'GO') return outcome;
  const { key, bytes } = transfer!;
  const sha256 = await putChecked(diskStore(dir), key, content(given), { mediaType: 'application/x-ndjson', bytes });
  return (await files.transfer({ link, received: { key, sha256 } })).outcome;
}
const read = async (files: Files, id: string) => (await files.visible(id, 'ALL'))!;
const fetchLink = (files: Files, row: object) => (files.resolvers as any).File.download(row);
const stored = async (): Promise<string[]> => {
  const keys: string[] = [];
  for await (const { key } of diskStore(dir).list('small')) keys.push(key);
  return keys;
};
const job = (files: Files, name: string) =>
  files.scheduledJobs.find((one) => one.name === name)!.run(new AbortController().signal, small.kysely);

test('a file is announced, sent and fetched', async () => {
  const files = filesOf();
  const { file, upload: link } = await announce(files);
  expect(file).toMatchObject({
    status: 'AWAITED',
    key: null,
    sha256: null,
    ownerId: 'merchant_1',
    createdBy: 'user_1',
  });
  expect(link.url).toMatch(/^\/files\/small\/v1\.test\./);
  expect(fetchLink(files, file)).toBe(null);
  expect(await upload(files, link.url)).toBe('STORED');
  const ready = await read(files, file.id);
  expect(ready).toMatchObject({ status: 'READY', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(ready.expiresAt).toEqual(new Date(clock.now().getTime() + 7 * DAY));
  const { outcome, transfer } = await files.transfer({ link: linkIn(fetchLink(files, ready).url) });
  expect([outcome, transfer]).toMatchObject(['GO', { action: 'GET', name: 'Lines', bytes: LINES.length }]);
  expect(await text(await files.read({ key: transfer!.key }))).toBe(LINES);
});

test.each([
  [{ purpose: 'nothing' }, 'purpose'],
  [{ purpose: 'toString' }, 'purpose'],
  [{ purpose: 'made' }, 'purpose'],
  [{ mediaType: 'image/png' }, 'mediaType'],
  [{ mediaType: 'constructor' }, 'mediaType'],
  [{ bytes: 0 }, 'bytes'],
  [{ bytes: 1001 }, 'bytes'],
])('a file with %j is not announced', async (more, field) => {
  await expect(announce(filesOf(), more)).rejects.toMatchObject({
    userErrors: [{ code: 'INVALID_INPUT', path: ['input', field] }],
  });
  expect((await small.database.pool.query('select from small.file')).rowCount).toBe(0);
});

test('no caller announces more than a hundred uploads that are not finished', async () => {
  const files = filesOf();
  for (let n = 0; n < 100; n++) await announce(files);
  await expect(announce(files)).rejects.toMatchObject({ code: 'INVALID_STATE' });
  // Their links have expired.
  clock.advance(3_600_000);
  await announce(files);
});

describe('a link', () => {
  test('for an upload is good once: of two that send at once, one content is kept', async () => {
    const files = filesOf();
    const { file, upload: link } = await announce(files);
    const [one, two] = [
      await files.transfer({ link: linkIn(link.url) }),
      await files.transfer({ link: linkIn(link.url) }),
    ];
    expect(one.transfer!.key).not.toBe(two.transfer!.key);
    const tell = (key: string) => files.transfer({ link: linkIn(link.url), received: { key, sha256: 'x' } });
    const told = await Promise.all([tell(one.transfer!.key), tell(two.transfer!.key)]);
    expect(told.map(({ outcome }) => outcome).sort()).toEqual(['ALREADY_UPLOADED', 'STORED']);
    // The gateway may repeat itself.
    expect(await tell((await read(files, file.id)).key!)).toEqual({ outcome: 'STORED' });
    expect(await upload(files, link.url)).toBe('ALREADY_UPLOADED');
  });

  test('does not take a key of another file', async () => {
    const files = filesOf();
    const [mine, other] = [await announce(files), await announce(files)];
    const { transfer } = await files.transfer({ link: linkIn(other.upload.url) });
    const received = { key: transfer!.key, sha256: 'x' };
    expect(await files.transfer({ link: linkIn(mine.upload.url), received })).toEqual({ outcome: 'UNKNOWN_LINK' });
  });

  test('expires', async () => {
    const files = filesOf();
    const { upload: link } = await announce(files);
    clock.advance(3_600_000);
    expect(await upload(files, link.url)).toBe('LINK_EXPIRED');
  });

  test('is good after a rotation of keys, and not without its key, changed, or at another agent', async () => {
    const [old, young] = [newKey(), newKey()];
    const { upload: link } = await announce(filesOf({ secrets: secretsWith([old]) }));
    expect(await upload(filesOf({ secrets: secretsWith([young]) }), link.url)).toBe('UNKNOWN_LINK');
    const changed = `${link.url.slice(0, -2)}${link.url.endsWith('AA') ? 'BB' : 'AA'}`;
    expect(await upload(filesOf({ secrets: secretsWith([young, old]) }), changed)).toBe('UNKNOWN_LINK');
    expect(await upload(filesOf({ secrets: secretsWith([young, old]) }), link.url)).toBe('STORED');
  });

  test('has the public address, where there is one', async () => {
    const { upload: link } = await announce(filesOf({ publicUrl: 'https://shop.example/' }));
    expect(link.url).toMatch(/^https:\/\/shop\.example\/files\/small\/v1\./);
  });
});

describe('with a virus scanner', () => {
  test('a file cannot be fetched before it is scanned', async () => {
    clamd.mood = 'SILENT';
    const files = filesOf({ scans: true });
    const { file, upload: link } = await announce(files);
    const fetching = fetchLink(files, { ...file, status: 'READY' });
    expect(await upload(files, link.url)).toBe('STORED');
    expect(await read(files, file.id)).toMatchObject({ status: 'UNSCANNED' });
    expect(fetchLink(files, await read(files, file.id))).toBe(null);
    expect(await files.transfer({ link: linkIn(fetching.url) })).toEqual({ outcome: 'NOT_SCANNED' });
    await expect(files.ready(file.id, { rows: 'ALL', purpose: 'lines', path: [] })).rejects.toMatchObject({
      code: 'INVALID_STATE',
    });
    clamd.mood = 'WELL';
    await job(files, 'scan files');
    expect(await read(files, file.id)).toMatchObject({ status: 'READY', scannedAt: clock.now() });
    expect((await files.transfer({ link: linkIn(fetching.url) })).outcome).toBe('GO');
  });

  test('an infected file is deleted and recorded, and cannot be fetched', async () => {
    const infected = `{"note":"${EICAR}"}`;
    const files = filesOf({ scans: true });
    const { file, upload: link } = await announce(files, { bytes: infected.length });
    await upload(files, link.url, infected);
    await until('it is scanned', async () => (await read(files, file.id)).status !== 'UNSCANNED');
    const row = await read(files, file.id);
    expect(row).toMatchObject({ status: 'INFECTED', finding: 'Eicar-Signature', key: null });
    await until('its content is gone', async () => (await stored()).length === 0);
    const fetching = fetchLink(files, { ...row, status: 'READY' });
    expect(await files.transfer({ link: linkIn(fetching.url) })).toEqual({ outcome: 'INFECTED' });
  });

  test('a file whose scanner is away stays unscanned', async () => {
    clamd.mood = 'GONE';
    const files = filesOf({ scans: true });
    const { file, upload: link } = await announce(files);
    await upload(files, link.url);
    await job(files, 'scan files');
    expect(await read(files, file.id)).toMatchObject({ status: 'UNSCANNED' });
  });

  test('files that never get a verdict hold up no others', async () => {
    await small.database.pool.query(
      `insert into small.file (id, name, media_type, bytes, purpose, created_by, status, key, created_at, expires_at)
       select 'file_00' || lpad(n::text, 2, '0'), 'Gone', 'application/x-ndjson', 8, 'lines', 'user_1', 'UNSCANNED', 'small/00000/file_00' || lpad(n::text, 2, '0'), $1, $1
         from generate_series(1, 25) n`,
      [clock.now()],
    );
    clamd.mood = 'GONE';
    const files = filesOf({ scans: true });
    const { file, upload: link } = await announce(files);
    await upload(files, link.url);
    await job(files, 'scan files');
    clamd.mood = 'WELL';
    await job(files, 'scan files');
    expect(await read(files, file.id)).toMatchObject({ status: 'READY' });
    // Those are tried again, from the first.
    await small.database.pool.query(`update small.file set key = $1 where id = 'file_0001'`, [
      (await read(files, file.id)).key!.replace(/.{8}$/, '00000000'),
    ]);
    await diskStore(dir).put((await read(files, 'file_0001')).key!, content(), LINES.length);
    await job(files, 'scan files');
    expect(await read(files, 'file_0001')).toMatchObject({ status: 'READY' });
  });
});

describe('the sweep', () => {
  const age = (key: string): void => {
    const old = new Date(clock.now().getTime() - 2 * DAY);
    utimesSync(join(dir, key), old, old);
  };
  const sweep = (files: Files) => job(files, 'sweep orphans of files');

  test('deletes what has expired, with its content, and uploads that were never finished', async () => {
    const files = filesOf();
    const { file, upload: link } = await announce(files);
    await upload(files, link.url);
    const { file: unfinished } = await announce(files);
    clock.advance(3_600_000);
    await job(files, 'sweep expired files');
    expect(await files.visible(unfinished.id, 'ALL')).toBe(null);
    expect(await read(files, file.id)).toMatchObject({ status: 'READY' });
    clock.advance(7 * DAY);
    await job(files, 'sweep expired files');
    expect(await files.visible(file.id, 'ALL')).toBe(null);
    expect(await stored()).toEqual([]);
  });

  test('leaves an upload that began in time its record, for as long as it may last', async () => {
    const files = filesOf();
    const { file, upload: link } = await announce(files);
    const tell = (received?: { key: string; sha256: string }) => files.transfer({ link: linkIn(link.url), received });
    clock.advance(3_599_000);
    const { transfer } = await tell();
    clock.advance(uploadMs(LINES.length));
    await job(files, 'sweep expired files');
    // Nothing else may begin with the link by now.
    expect(await tell()).toEqual({ outcome: 'LINK_EXPIRED' });
    const sha256 = await putChecked(diskStore(dir), transfer!.key, content(), {
      mediaType: 'application/x-ndjson',
      bytes: LINES.length,
    });
    expect(await tell({ key: transfer!.key, sha256 })).toEqual({ outcome: 'STORED' });
    expect(await read(files, file.id)).toMatchObject({ status: 'READY', key: transfer!.key });
  });

  test('leaves the record of an upload that begins at the moment when it would take it', async () => {
    const files = filesOf();
    const { file } = await announce(files);
    const beginning = `update small.file set expires_at = expires_at + interval '1 hour'`;
    clock.advance(3_600_000);
    await meetingChange(small.database.pool, beginning, () => job(files, 'sweep expired files'));
    expect(await read(files, file.id)).toMatchObject({ status: 'AWAITED' });
  });

  test('takes the record of an upload that never ended, and what comes after all is refused', async () => {
    const files = filesOf();
    const { file, upload: link } = await announce(files);
    const { transfer } = await files.transfer({ link: linkIn(link.url) });
    clock.advance(2 * 3_600_000);
    await job(files, 'sweep expired files');
    expect(await files.visible(file.id, 'ALL')).toBe(null);
    const received = { key: transfer!.key, sha256: 'x' };
    expect(await files.transfer({ link: linkIn(link.url), received })).toEqual({ outcome: 'FILE_GONE' });
  });

  test('deletes old contents without a record, and no young ones, nor those that have one', async () => {
    const files = filesOf();
    const { file, upload: link } = await announce(files);
    await upload(files, link.url);
    const kept = (await read(files, file.id)).key!;
    const orphans = [
      'small/01kbt/file_1.00000001',
      'small/01zzz/file_2.00000001',
      'small/01kbt/file_1.00000001.0000ffff.part',
    ];
    const young = 'small/01kbt/file_3.00000001';
    for (const key of [...orphans, young]) await diskStore(dir).put(key, content('x'), 1);
    for (const key of [...orphans, kept]) age(key);
    utimesSync(join(dir, young), clock.now(), clock.now());
    await sweep(files);
    expect((await stored()).sort()).toEqual([young, kept].sort());
  });

  test('marks files whose content is gone, and takes that back when it is there again', async () => {
    const files = filesOf();
    const { file, upload: link } = await announce(files);
    await upload(files, link.url);
    const { key } = await read(files, file.id);
    await diskStore(dir).delete(key!);
    await sweep(files);
    // It is young: its content may have come after the listing.
    expect(await read(files, file.id)).toMatchObject({ status: 'READY' });
    clock.advance(2 * DAY);
    await sweep(files);
    expect(await read(files, file.id)).toMatchObject({ status: 'LOST', key });
    await diskStore(dir).put(key!, content(), LINES.length);
    await sweep(files);
    expect(await read(files, file.id)).toMatchObject({ status: 'READY', key });
  });
});

test('a file that an agent makes is there with its record, and not before', async () => {
  const files = filesOf();
  const made = {
    name: 'x.jsonl',
    mediaType: 'application/x-ndjson',
    purpose: 'made',
    bytes: LINES.length,
    ownerId: null,
    createdBy: 'agent:small',
  } as const;
  const kept = await files.put(made, content());
  expect(await files.visible(kept.id, 'ALL')).toBe(null);
  await small.store.write({ locks: [], origin: {} }, (work) => files.record(work, kept));
  const row = await read(files, kept.id);
  expect(row).toMatchObject({ status: 'READY', expiresAt: new Date(clock.now().getTime() + 2 * DAY) });
  expect(await text(await files.read(row))).toBe(LINES);
});
