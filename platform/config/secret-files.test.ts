import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { agentDatabase, agentDatabases, configSchema, envExample, hasAgentDatabases, readConfig } from './config.ts';
import { SECRET } from './secret-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'agora-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The path of a new file with this text. */
let files = 0;
function fileWith(text: string | Buffer): string {
  const path = join(folder, `secret-${++files}`);
  writeFileSync(path, text);
  return path;
}

const URL = 'postgres://agora:hunter2@db.internal/agora';

test.each(['', '\n', '\r\n', '\n\n'])(
  'a secret is read from the file that NAME_FILE names, without %j at its end',
  (end) => {
    expect(readConfig({ DATABASE_URL_FILE: fileWith(URL + end) }).DATABASE_URL).toBe(URL);
  },
);

test('spaces and line ends within a secret are kept', () => {
  const secret = z.object({ SHOP_SECRET: z.string().optional().describe('a secret').meta(SECRET) });
  const read = readConfig({ SHOP_SECRET_FILE: fileWith(' a\nb \n') }, [{ name: 'shop', config: secret }]);
  expect(read).toMatchObject({ SHOP_SECRET: ' a\nb ' });
});

test('a list of keys of access tokens is the same from a file as from its variable', () => {
  const pair = () =>
    generateKeyPairSync('ed25519', {
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
  const list = `2026-12:\n${pair().privateKey}2026-11:\n${pair().publicKey}`;
  const { TOKEN_KEY } = readConfig({ TOKEN_KEY_FILE: fileWith(list) });
  expect(TOKEN_KEY).toEqual(readConfig({ TOKEN_KEY: list.trimEnd() }).TOKEN_KEY);
  expect(JSON.stringify(TOKEN_KEY)).toContain('2026-11');
});

test('a secret that is given twice stops the start, and both variables are named', () => {
  expect(() => readConfig({ METRICS_TOKEN: 'x'.repeat(16), METRICS_TOKEN_FILE: fileWith('y'.repeat(16)) })).toThrow(
    /\n {2}METRICS_TOKEN: it is given, and so is METRICS_TOKEN_FILE; leave one of them out\n/,
  );
});

test('an empty variable is none: the file is read', () => {
  expect(readConfig({ DATABASE_URL: '', DATABASE_URL_FILE: fileWith(URL) }).DATABASE_URL).toBe(URL);
  expect(readConfig({ DATABASE_URL: URL, DATABASE_URL_FILE: '' }).DATABASE_URL).toBe(URL);
});

test.each([
  ['a file that is missing', () => join(folder, 'missing'), 'there is no file at this path'],
  ['an empty file', () => fileWith(''), 'the file is empty'],
  ['a file with a line end alone', () => fileWith('\n'), 'the file is empty'],
  ['a folder', () => folder, 'the path is that of no regular file'],
  ['a device', () => '/dev/zero', 'the path is that of no regular file'],
  ['a large file', () => fileWith('x'.repeat(65_537)), 'the file is larger than a secret may be, 65536 bytes'],
  ['the secret itself', () => URL, 'there is no file at this path'],
])('%s stops the start, and the message says so', (_, path, problem) => {
  const start = () => readConfig({ DATABASE_URL_FILE: path() });
  expect(start).toThrow(`\n  DATABASE_URL_FILE: ${problem}\n`);
  expect(start).not.toThrow(/hunter2/);
});

test('a file that this process may not read stops the start', () => {
  const path = fileWith(URL);
  chmodSync(path, 0);
  const isRoot = process.getuid!() === 0;
  try {
    // Root reads everything.
    if (isRoot) process.seteuid!(65_534);
    expect(() => readConfig({ DATABASE_URL_FILE: path })).toThrow(
      '\n  DATABASE_URL_FILE: this process may not read the file; give the right to read it to its user\n',
    );
  } finally {
    if (isRoot) process.seteuid!(0);
  }
});

test('what a file holds must fit as well; its problem has the name of the variable, and the value is not repeated', () => {
  const start = () =>
    readConfig({ DATABASE_URL_FILE: fileWith('mysql://hunter2'), TOKEN_KEY_FILE: join(folder, 'no') });
  expect(start).toThrow(/\n {2}TOKEN_KEY_FILE: there [^]*\n {2}DATABASE_URL: the address of a PostgreSQL/);
  expect(start).not.toThrow(/hunter2/);
});

test('only secrets are read from files', () => {
  expect(readConfig({ PORT_FILE: fileWith('4242') }).PORT).toBe(4000);
});

test("an agent's own database may be given as a file, and the gateways'", () => {
  const path = fileWith(`${URL}\n`);
  const names = ['order', 'payment', 'gateway'];
  const environment = { DATABASE_URL_ORDER_FILE: path, DATABASE_URL_GATEWAY_FILE: path, DATABASE_URL_FILE: path };
  expect([...agentDatabases(environment, names)]).toEqual([
    ['order', URL],
    ['gateway', URL],
  ]);
  expect(agentDatabase(environment, 'payment')).toBeUndefined();
  expect(() => agentDatabases({ DATABASE_URL_ODER_FILE: path }, names)).toThrow('DATABASE_URL_ODER_FILE: there is no');
  expect(() => agentDatabases({ DATABASE_URL_ORDER_FILE: path, DATABASE_URL_ORDER: URL }, names)).toThrow(
    'DATABASE_URL_ORDER: it is given, and so is DATABASE_URL_ORDER_FILE',
  );
  expect(() => agentDatabase({ DATABASE_URL_ORDER_FILE: join(folder, 'no') }, 'order')).toThrow(
    'DATABASE_URL_ORDER_FILE: there is no file at this path.',
  );
});

test('the file of the common database is no database of one agent', () => {
  expect(hasAgentDatabases({ DATABASE_URL: URL, DATABASE_URL_FILE: 'x' })).toBe(false);
  expect(hasAgentDatabases({ DATABASE_URL_ORDER_FILE: 'x' })).toBe(true);
});

test('.env.example has the file of each secret, and of nothing else', () => {
  const text = envExample([]);
  expect(text).toMatch(/^# DATABASE_URL=\n# DATABASE_URL_FILE=$/m);
  expect(text).not.toContain('PORT_FILE');
  expect(Object.keys(configSchema.shape)).not.toContain('DATABASE_URL_FILE');
});
