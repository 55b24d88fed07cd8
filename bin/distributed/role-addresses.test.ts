import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { roleAddresses } from './role-addresses.ts';

const SERVER = 'postgres://agora:x@127.0.0.1:4002/agora';
let file: string;
beforeAll(() => {
  file = join(mkdtempSync(join(tmpdir(), 'agora-addresses-')), 'roles.env');
});
afterAll(() => rmSync(join(file, '..'), { recursive: true }));

test("each role has an address with its password at the server's current port", () => {
  const lines = [
    'ORDER=postgres://agora_order:b@127.0.0.1:4001/agora?a=1',
    'GATEWAY=postgres://g:c@127.0.0.1:4001/agora',
  ];
  writeFileSync(file, `${lines.map((line) => `DATABASE_URL_${line}`).join('\n')}\n`);
  expect(roleAddresses(file, ['order', 'gateway'], SERVER)).toEqual({
    DATABASE_URL_ORDER: 'postgres://agora_order:b@127.0.0.1:4002/agora?a=1',
    DATABASE_URL_GATEWAY: 'postgres://g:c@127.0.0.1:4002/agora',
  });
});

test('a new agent gets a password, the others keep theirs, and a removed one is left out', () => {
  const first = roleAddresses(file, ['order', 'gateway'], SERVER);
  const later = roleAddresses(file, ['order', 'wishlist'], SERVER);
  expect(later).toEqual({ DATABASE_URL_ORDER: first.DATABASE_URL_ORDER, DATABASE_URL_WISHLIST: expect.any(String) });
  expect(later.DATABASE_URL_WISHLIST).toMatch(/^postgres:\/\/agora_wishlist:[\w-]{32}@127\.0\.0\.1:4002\/agora$/);
  expect(roleAddresses(file, ['order', 'wishlist'], SERVER)).toEqual(later);
  expect(readFileSync(file, 'utf8')).not.toContain('GATEWAY');
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test.each([
  ['gone', undefined],
  ['empty', ''],
  ['half-written', 'DATABASE_URL_ORDER=postgres://agora_ord'],
  ['without a password', 'DATABASE_URL_ORDER=postgres://agora_order@127.0.0.1:4001/agora'],
  ['no file of ours', '\0\0rubbish\n=\n'],
])('a file that is %s is made anew', (_, text) => {
  if (text === undefined) rmSync(file);
  else writeFileSync(file, text);
  const { DATABASE_URL_ORDER: address } = roleAddresses(file, ['order'], SERVER);
  expect(new URL(address!)).toMatchObject({ username: 'agora_order', password: expect.stringMatching(/^[\w-]{32}$/) });
});
