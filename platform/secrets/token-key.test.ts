import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { tokenKey } from './token-key.ts';
import { ownWebhookSecrets } from '../webhooks/own-secrets.ts';

let AGORA_DATA: string;
beforeEach(() => {
  AGORA_DATA = mkdtempSync(join(tmpdir(), 'agora-keys-'));
});
afterEach(() => rmSync(AGORA_DATA, { recursive: true }));

test('the key is generated once, and kept', () => {
  const made = tokenKey({ AGORA_DATA });
  expect(tokenKey({ AGORA_DATA })).toBe(made);
});

test.each(['', 'abc', '-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----\n'])(
  'a file without such a key is refused by name, with the remedy: %j',
  (text) => {
    const file = join(AGORA_DATA, 'token-key.pem');
    writeFileSync(file, text);
    expect(() => tokenKey({ AGORA_DATA })).toThrow(`${file} holds no Ed25519 private key (PKCS#8, PEM): put it back`);
  },
);

test('a file of webhook secrets without any is refused by name, with the remedy', () => {
  const file = join(AGORA_DATA, 'payment-webhook-secrets');
  writeFileSync(file, '');
  expect(() => ownWebhookSecrets(file)).toThrow(`The secrets of ${file} do not fit: `);
});
