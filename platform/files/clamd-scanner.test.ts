import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type ClamdServer, EICAR, openClamd } from '../../tests/support/clamd-server.ts';
import { clamdScanner } from './clamd-scanner.ts';

let clamd: ClamdServer;
beforeAll(async () => {
  clamd = await openClamd();
});
afterAll(() => clamd?.close());
beforeEach(() => {
  clamd.mood = 'WELL';
  clamd.scanned.length = 0;
});

async function* pieces(content: string | Buffer, size = 65_536): AsyncGenerator<Uint8Array> {
  const whole = Buffer.from(content);
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size);
}
const scan = (content: string | Buffer, more: { stillMs?: number; port?: number; size?: number } = {}) =>
  clamdScanner({ host: clamd.host, port: clamd.port, ...more }).scan(pieces(content, more.size));

test('a clean content has no finding, and reached the scanner whole', async () => {
  const large = Buffer.alloc(3_000_000, 'x');
  expect(await scan(large)).toBe(undefined);
  expect(clamd.scanned[0]!.equals(large)).toBe(true);
  expect(await scan('')).toBe(undefined);
});

test('an infected content has the finding’s name, however it is cut', async () => {
  expect(await scan(`${'x'.repeat(1000)}${EICAR}`, { size: 7 })).toBe('Eicar-Signature');
});

test.each([
  ['SILENT', { stillMs: 50 }],
  ['GONE', {}],
  ['FULL', {}],
] as const)('a scanner that is %s gives no verdict, which is no clean one', async (mood, more) => {
  clamd.mood = mood;
  await expect(scan('x'.repeat(1_000_000), more)).rejects.toMatchObject({ code: 'SCANNER_FAILED', recovery: 'RETRY' });
});

test('a scanner that is not there gives no verdict', async () => {
  await expect(scan('x', { port: 1 })).rejects.toMatchObject({ code: 'SCANNER_FAILED' });
});

test('a content that breaks off gives no verdict', async () => {
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('x');
    throw new Error('broken off');
  };
  await expect(clamdScanner(clamd).scan(broken())).rejects.toMatchObject({ code: 'SCANNER_FAILED' });
  expect(clamd.scanned).toEqual([]);
});
