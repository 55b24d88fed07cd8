import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { formatKeyRing, newKey, type SecretKey } from '../../platform/secrets/key-ring.ts';
import { type TestDatabase, testDatabase } from '../../tests/support/database.ts';
import { rotateKeyRing } from '../../platform/secrets/key-files.ts';
import { knownKeys } from './known-keys.ts';
import { migrationSets } from './migration-sets.ts';

let database: TestDatabase;
let AGORA_DATA: string;
beforeAll(async () => {
  database = await testDatabase({ sets: migrationSets([]) });
});
afterAll(() => database.drop());
beforeEach(() => {
  AGORA_DATA = mkdtempSync(join(tmpdir(), 'agora-keys-'));
});
afterEach(async () => {
  rmSync(AGORA_DATA, { recursive: true });
  await database.pool.query('truncate platform.key_mark');
});

const known = (more: object = {}, mayReplace?: boolean) =>
  knownKeys(database.kysely, { AGORA_DATA, ...more }, 'SECRET_KEYS', mayReplace);
const file = () => join(AGORA_DATA, 'secret-keys');

test('a start misses the keys that its database was used with when they are gone, and makes none in their place', async () => {
  const made = await known();
  expect(await known()).toEqual(made);
  const kept = readFileSync(file());
  rmSync(file());
  await expect(known()).rejects.toThrow(`key ${made[0].id} (SECRET_KEYS), and ${file()} is gone`);
  expect(existsSync(file())).toBe(false);
  writeFileSync(file(), kept);
  expect(await known()).toEqual(made);
});

test('other keys are refused, also under the same id', async () => {
  const [{ id }] = await known();
  writeFileSync(file(), formatKeyRing([newKey()]));
  await expect(known()).rejects.toMatchObject({ code: 'KEYS_LOST' });
  writeFileSync(file(), formatKeyRing([{ ...newKey(), id }]));
  await expect(known()).rejects.toMatchObject({ code: 'KEYS_LOST' });
  await expect(known({ SECRET_KEYS: formatKeyRing([newKey()]) })).rejects.toThrow('SECRET_KEYS does not hold it');
});

test('after a rotation the newest is known, and the oldest may go', async () => {
  await known();
  const [newest] = rotateKeyRing({ AGORA_DATA }, 'SECRET_KEYS');
  expect(await known()).toHaveLength(2);
  writeFileSync(file(), formatKeyRing([newest]));
  expect(await known()).toEqual([newest]);
});

test('rings may change in one process after the other, and back; a process with a key that was dropped in between is refused', async () => {
  const [old, young] = [newKey(), newKey()];
  const given = (...ring: SecretKey[]) => known({ SECRET_KEYS: formatKeyRing(ring) });
  for (const ring of [[old], [old, young], [young, old], [old, young], [young, old]])
    expect(await given(...ring)).toEqual(ring);
  // It could not open secrets that the others seal by now.
  await expect(given(old)).rejects.toThrow(`key ${young.id} (SECRET_KEYS), and SECRET_KEYS does not hold it`);
  expect(await given(young)).toEqual([young]);
  await expect(given(old)).rejects.toMatchObject({ code: 'KEYS_LOST' });
});

test('of many first processes at once, with other keys each, one is right', async () => {
  const rings = Array.from({ length: 8 }, () => [newKey()]);
  const starts = await Promise.allSettled(rings.map((ring) => known({ SECRET_KEYS: formatKeyRing(ring) })));
  expect(starts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const right = rings[starts.findIndex(({ status }) => status === 'fulfilled')]!;
  expect(await known({ SECRET_KEYS: formatKeyRing(right) })).toEqual(right);
});

test('a start with the keys that are known writes nothing: the server may take no writes just now', async () => {
  const made = await known();
  const { rows } = await database.pool.query('select xmin from platform.key_mark');
  expect(await known()).toEqual(made);
  await database.kysely
    .transaction()
    .setAccessMode('read only')
    .execute(async (transaction) => {
      expect(await knownKeys(transaction, { AGORA_DATA }, 'SECRET_KEYS')).toEqual(made);
    });
  expect((await database.pool.query('select xmin from platform.key_mark')).rows).toEqual(rows);
});

test('an operator who has lost the keys for good goes on with new ones, which are known from then on', async () => {
  await known();
  rmSync(file());
  const made = await known({}, true);
  expect(await known()).toEqual(made);
});

test('the mark in the database does not reveal the key', async () => {
  const [{ bytes }] = await known();
  const { rows } = await database.pool.query('select * from platform.key_mark');
  for (const encoding of ['base64', 'hex', 'base64url'] as const)
    expect(JSON.stringify(rows)).not.toContain(bytes.toString(encoding));
});
