import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { roleAddresses } from './role-addresses.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'agora-addresses-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('each role is reached with its password where the server is now', () => {
  const file = join(folder, 'roles.env');
  const lines = [
    'ORDER=postgres://agora_order:b@127.0.0.1:4001/agora?a=1',
    'GATEWAY=postgres://g:c@127.0.0.1:4001/agora',
  ];
  writeFileSync(file, `${lines.map((line) => `DATABASE_URL_${line}`).join('\n')}\n`);
  expect(roleAddresses(file, 'postgres://agora:x@127.0.0.1:4002/agora')).toEqual({
    DATABASE_URL_ORDER: 'postgres://agora_order:b@127.0.0.1:4002/agora?a=1',
    DATABASE_URL_GATEWAY: 'postgres://g:c@127.0.0.1:4002/agora',
  });
});

test('a file that is gone is named', () => {
  const gone = join(folder, 'gone.env');
  expect(() => roleAddresses(gone, 'postgres://agora:x@127.0.0.1:4002/agora')).toThrow(`${gone}, are gone`);
});
