/** No owner's files take more than the quota, however they come. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { testSecrets } from '../../tests/support/counting-job.ts';
import { openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { until } from '../../tests/support/until.ts';
import { FixedClock } from '../clock.ts';
import { readConfig } from '../config/config.ts';
import type { RequestContext } from '../graphql/context.ts';
import { silentLogger } from '../log.ts';
import { createFiles, type Files, type MadeFile } from './files.ts';

const MEBIBYTE = 1_048_576;
const QUARTER = MEBIBYTE / 4;

let small: SmallAgent;
let dir: string;
let clock: FixedClock;
let files: Files;
beforeAll(async () => {
  small = await openSmallAgent();
  dir = mkdtempSync(join(tmpdir(), 'agora-quota-'));
});
afterAll(async () => {
  await small?.database.drop();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  await small.database.pool.query('truncate small.file');
  clock = new FixedClock('2026-06-01T12:00:00Z');
  const config = readConfig({ NODE_ENV: 'test', FILES_DIR: dir, FILES_QUOTA_MIB: '1' });
  files = createFiles(
    'small',
    { store: small.store, clock, log: silentLogger, config, secrets: testSecrets },
    { lines: { types: ['application/x-ndjson'], maxBytes: MEBIBYTE, keptDays: 7, isUploaded: true } },
  );
});

const announce = (bytes: number, { ownerId = 'merchant_1' as string | null, user = 'user_1' } = {}) =>
  files.announce(
    { name: 'Lines', mediaType: 'application/x-ndjson', bytes, purpose: 'lines' },
    { ownerId, context: { actor: { id: user }, correlationId: 'req_1' } as RequestContext },
  );
const made = (bytes: number): MadeFile => ({
  name: 'x.jsonl',
  mediaType: 'application/x-ndjson',
  purpose: 'lines',
  bytes,
  ownerId: 'merchant_1',
  createdBy: 'user_1',
});
const content = async function* (bytes: number): AsyncGenerator<Uint8Array> {
  yield Buffer.from('{}'.padEnd(bytes));
};
const record = (file: Parameters<Files['record']>[1]) =>
  small.store.write({ locks: [], origin: {} }, (work) => files.record(work, file));
const FULL = { code: 'INVALID_STATE', userErrors: [{ path: ['input', 'bytes'] }] };

test('a file that does not fit is refused, with what is there and when it goes', async () => {
  await announce(3 * QUARTER);
  await expect(announce(QUARTER + 1)).rejects.toMatchObject({
    ...FULL,
    message:
      'Your files, those among them that are announced, take 0.75 of 1 MiB, and this one would take 0.26 MiB more. Files go when they expire, the next at 2026-06-01T13:00:00.000Z: send this one then, or have an operator allow more (FILES_QUOTA_MIB).',
  });
  await announce(QUARTER);
  // The links have expired, and nothing was sent.
  clock.advance(3_600_000);
  await announce(MEBIBYTE);
});

/** Has these works come together: nothing is written before each of them waits for something. How many have succeeded. */
async function together(works: readonly (() => Promise<unknown>)[]): Promise<number> {
  const holder = await small.database.pool.connect();
  try {
    await holder.query('begin; lock table small.file in share mode');
    const outcomes = Promise.allSettled(works.map((work) => work()));
    const waiting =
      'select from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())';
    await until('all are waiting', async () => (await holder.query(waiting)).rowCount === works.length);
    await holder.query('commit');
    return (await outcomes).filter(({ status }) => status === 'fulfilled').length;
  } finally {
    holder.release();
  }
}

test('of uploads that are announced at once, as many are taken as fit', async () => {
  const six = Array.from({ length: 6 }, (_, n) => () => announce(QUARTER, { user: `user_${n}` }));
  expect(await together(six)).toBe(4);
});

test('a small file counts as what it takes on a disk', async () => {
  for (let n = 0; n < 256; n++) await announce(1, { user: `user_${n % 3}` });
  await expect(announce(1)).rejects.toMatchObject(FULL);
});

test('each owner has a quota, and for the house each member of its staff', async () => {
  await announce(MEBIBYTE);
  await announce(MEBIBYTE, { ownerId: 'merchant_2' });
  await announce(MEBIBYTE, { ownerId: null, user: 'user_staff' });
  await announce(MEBIBYTE, { ownerId: null, user: 'user_other' });
  await expect(announce(1, { ownerId: null, user: 'user_staff' })).rejects.toMatchObject(FULL);
});

test('what an agent makes counts, and is refused before anything is stored', async () => {
  await record(await files.put(made(3 * QUARTER), content(3 * QUARTER)));
  await expect(announce(2 * QUARTER)).rejects.toMatchObject(FULL);
  let isBegun = false;
  const never = async function* (): AsyncGenerator<Uint8Array> {
    isBegun = true;
    yield* content(2 * QUARTER);
  };
  await expect(files.put(made(2 * QUARTER), never())).rejects.toMatchObject(FULL);
  expect(isBegun).toBe(false);
});

test('of two that are made at once and do not both fit, one is recorded', async () => {
  const both = await Promise.all([1, 2].map(() => files.put(made(3 * QUARTER), content(3 * QUARTER))));
  expect(await together(both.map((one) => () => record(one)))).toBe(1);
});
