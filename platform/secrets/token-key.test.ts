import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { formatTokenKeys, newTokenKey, parseTokenKeys } from '../identity/token-keys.ts';
import { tokensFrom } from '../identity/tokens.ts';
import { rotateTokenKey, tokenKey } from './token-key.ts';
import { ownWebhookSecrets } from '../webhooks/own-secrets.ts';

let AGORA_DATA: string;
beforeEach(() => {
  AGORA_DATA = mkdtempSync(join(tmpdir(), 'agora-keys-'));
});
afterEach(() => rmSync(AGORA_DATA, { recursive: true }));

const now = new Date('2026-06-01T12:00:00Z');

test('the key is generated once, with an id, and kept, readable by its owner only', () => {
  const made = tokenKey({ AGORA_DATA });
  expect(parseTokenKeys(made)).toMatchObject([{ id: expect.stringMatching(/^[0-9a-f]{8}$/) }]);
  expect(tokenKey({ AGORA_DATA })).toBe(made);
  expect(statSync(join(AGORA_DATA, 'token-key.pem')).mode & 0o777).toBe(0o600);
});

test('after a rotation the new key signs, and tokens of the old one are good, also of one without an id', async () => {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  writeFileSync(join(AGORA_DATA, 'token-key.pem'), pem);
  const { token } = await tokensFrom(tokenKey({ AGORA_DATA })).sign({ id: 'user_1', roles: [] }, 900, now);
  const ring = rotateTokenKey({ AGORA_DATA });
  expect(ring.map(({ privateKey }) => Boolean(privateKey))).toEqual([true, false]);
  const after = tokensFrom(tokenKey({ AGORA_DATA }));
  expect((await after.verify(token, now)).actor.id).toBe('user_1');
  const signed = await after.sign({ id: 'user_1', roles: [] }, 900, now);
  expect((await after.verify(signed.token, now)).keyId).toBe(ring[0].id);
  expect(readdirSync(AGORA_DATA)).toEqual(['token-key.pem']);
  expect(statSync(join(AGORA_DATA, 'token-key.pem')).mode & 0o777).toBe(0o600);
});

test('configured keys are not rotated, nor is a file that is not there', () => {
  const TOKEN_KEY = formatTokenKeys([newTokenKey()]);
  expect(() => rotateTokenKey({ AGORA_DATA, TOKEN_KEY })).toThrow('TOKEN_KEY is configured');
  expect(() => rotateTokenKey({ AGORA_DATA })).toThrow(`${join(AGORA_DATA, 'token-key.pem')} is not there`);
  expect(readdirSync(AGORA_DATA)).toEqual([]);
});

test('a rotation beyond the most keys is refused, and leaves the file as it was', () => {
  const path = join(AGORA_DATA, 'token-key.pem');
  writeFileSync(path, formatTokenKeys(Array.from({ length: 10 }, newTokenKey)));
  const before = readFileSync(path, 'utf8');
  expect(() => rotateTokenKey({ AGORA_DATA })).toThrow('At most 10 keys');
  expect(readFileSync(path, 'utf8')).toBe(before);
  expect(readdirSync(AGORA_DATA)).toEqual(['token-key.pem']);
});

test.each(['', 'abc', '-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----\n'])(
  'a file without such a key is refused by name, with the remedy: %j',
  (text) => {
    const file = join(AGORA_DATA, 'token-key.pem');
    writeFileSync(file, text);
    expect(() => tokenKey({ AGORA_DATA })).toThrow(
      /token-key\.pem do not fit: Key 1 .* Put the file back from a backup/,
    );
  },
);

test('a file of webhook secrets without any is refused by name, with the remedy', () => {
  const file = join(AGORA_DATA, 'payment-webhook-secrets');
  writeFileSync(file, '');
  expect(() => ownWebhookSecrets(file)).toThrow(`The secrets of ${file} do not fit: `);
});
