import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { formatKeyRing, newKey } from './key-ring.ts';
import { keyRing, rotateKeyRing } from './key-files.ts';

let AGORA_DATA: string;
beforeEach(() => {
  AGORA_DATA = mkdtempSync(join(tmpdir(), 'agora-keys-'));
});
afterEach(() => rmSync(AGORA_DATA, { recursive: true }));

test('keys are generated at the first start, readable by their owner only, and the same at the next', () => {
  const made = keyRing({ AGORA_DATA }, 'SECRET_KEYS');
  expect(made).toHaveLength(1);
  expect(keyRing({ AGORA_DATA }, 'SECRET_KEYS')).toEqual(made);
  expect(keyRing({ AGORA_DATA }, 'EVENT_KEYS')[0].bytes).not.toEqual(made[0].bytes);
  expect(statSync(join(AGORA_DATA, 'secret-keys')).mode & 0o777).toBe(0o600);
});

test('configured keys are used instead, and no file is made', () => {
  const ring = [newKey(), newKey()];
  expect(keyRing({ AGORA_DATA, EVENT_KEYS: formatKeyRing(ring) }, 'EVENT_KEYS')).toEqual(ring);
  expect(readdirSync(AGORA_DATA)).toEqual([]);
});

test('a rotation puts a new key first and keeps the others', () => {
  const before = keyRing({ AGORA_DATA }, 'SECRET_KEYS');
  const after = rotateKeyRing({ AGORA_DATA }, 'SECRET_KEYS');
  expect(after.slice(1)).toEqual(before);
  expect(keyRing({ AGORA_DATA }, 'SECRET_KEYS')).toEqual(after);
  expect(readdirSync(AGORA_DATA)).toEqual(['secret-keys']);
  expect(statSync(join(AGORA_DATA, 'secret-keys')).mode & 0o777).toBe(0o600);
});

test('a rotation without keys makes none', () => {
  expect(() => rotateKeyRing({ AGORA_DATA }, 'SECRET_KEYS')).toThrow(`${join(AGORA_DATA, 'secret-keys')} is not there`);
  expect(readdirSync(AGORA_DATA)).toEqual([]);
  const nowhere = join(AGORA_DATA, 'nowhere');
  expect(() => rotateKeyRing({ AGORA_DATA: nowhere }, 'EVENT_KEYS')).toThrow('AGORA_DATA');
  expect(readdirSync(AGORA_DATA)).toEqual([]);
});

test('one of two concurrent rotations is refused, and neither undoes the other', () => {
  const before = keyRing({ AGORA_DATA }, 'SECRET_KEYS');
  const made = join(AGORA_DATA, 'secret-keys.new');
  writeFileSync(made, '');
  expect(() => rotateKeyRing({ AGORA_DATA }, 'SECRET_KEYS')).toThrow(`${made} is there`);
  expect(keyRing({ AGORA_DATA }, 'SECRET_KEYS')).toEqual(before);
  rmSync(made);
  expect(rotateKeyRing({ AGORA_DATA }, 'SECRET_KEYS').slice(1)).toEqual(before);
});

test('configured keys are not rotated', () => {
  const SECRET_KEYS = formatKeyRing([newKey()]);
  expect(() => rotateKeyRing({ AGORA_DATA, SECRET_KEYS }, 'SECRET_KEYS')).toThrow('SECRET_KEYS is configured');
});

test('invalid keys stop the start with their variable’s name, without being printed', () => {
  expect(() => keyRing({ AGORA_DATA, EVENT_KEYS: 'a:c2VjcmV0' }, 'EVENT_KEYS')).toThrow(/^The keys of EVENT_KEYS/);
  expect(() => keyRing({ AGORA_DATA, EVENT_KEYS: 'a:c2VjcmV0' }, 'EVENT_KEYS')).not.toThrow(/c2Vj/);
  writeFileSync(join(AGORA_DATA, 'event-keys'), '');
  expect(() => keyRing({ AGORA_DATA }, 'EVENT_KEYS')).toThrow(join(AGORA_DATA, 'event-keys'));
  expect(readFileSync(join(AGORA_DATA, 'event-keys'), 'utf8')).toBe('');
});
