import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type NameServer, type Naming, openNameServer } from '../../tests/support/name-server.ts';
import { guardedLookup, UNREACHABLE } from './reach.ts';
import { addressesOf } from './resolve.ts';

let dir: string;
let hostsFile: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'agora-hosts-'));
  hostsFile = join(dir, 'hosts');
  writeFileSync(hostsFile, '# ours\n10.1.0.5\tERP.example  erp # the ERP\nfd00:1::5 erp\nno address erp\n\n');
});
afterAll(() => rmSync(dir, { recursive: true }));

let server: NameServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});
const named = async (naming: Naming) => {
  server = await openNameServer(naming);
  return { servers: [server.address], hostsFile };
};

test('a name is asked of the name servers, for both kinds of addresses', async () => {
  const names = await named((_, type) => (type === 'A' ? ['192.0.2.7', '192.0.2.8'] : ['2001:db8:0:0:0:0:0:7']));
  expect(await addressesOf('shop.example', names)).toEqual([
    { address: '192.0.2.7', family: 4 },
    { address: '192.0.2.8', family: 4 },
    { address: '2001:db8::7', family: 6 },
  ]);
  expect(server!.asked.toSorted()).toEqual(['A shop.example', 'AAAA shop.example']);
});

test('a name with addresses of one kind has those, and one without any is an error', async () => {
  const names = await named((name, type) => (name === 'four.example' && type === 'A' ? ['192.0.2.7'] : []));
  expect(await addressesOf('four.example', names)).toEqual([{ address: '192.0.2.7', family: 4 }]);
  await expect(addressesOf('none.example', names)).rejects.toMatchObject({ code: 'ENODATA' });
});

test('the file of hosts comes first, and nobody is asked for names of this machine', async () => {
  const names = await named(() => ['192.0.2.7']);
  expect(await addressesOf('erp.example.', names)).toEqual([{ address: '10.1.0.5', family: 4 }]);
  expect(await addressesOf('erp', names)).toEqual([
    { address: '10.1.0.5', family: 4 },
    { address: 'fd00:1::5', family: 6 },
  ]);
  for (const name of ['localhost', 'localhost.', 'api.localhost'])
    expect(await addressesOf(name, names)).toEqual([
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ]);
  expect(server!.asked).toEqual([]);
});

test('a name server that does not answer is not waited for longer than it may be, and holds up no other name', async () => {
  const names = await named((name) => (name === 'slow.example' ? 'silence' : ['192.0.2.7']));
  const look = () => addressesOf('slow.example', { ...names, answerMs: 100 }).catch(({ code }) => code);
  const slow = Array.from({ length: 16 }, look);
  await expect(addressesOf('quick.example', names)).resolves.toContainEqual({ address: '192.0.2.7', family: 4 });
  expect(new Set(await Promise.all(slow))).toEqual(new Set(['ETIMEOUT']));
});

test('a name server that answers for one kind of addresses alone is not waited for when it has', async () => {
  const names = await named((_, type) => (type === 'A' ? ['192.0.2.7'] : 'silence'));
  const began = performance.now();
  expect(await addressesOf('four.example', { ...names, answerMs: 2500 })).toEqual([
    { address: '192.0.2.7', family: 4 },
  ]);
  expect(performance.now() - began).toBeLessThan(2500);
});

test('a name that has changed to an address of our own is not connected to, nor is the one beside a public one', async () => {
  const answers = [['8.8.8.8'], ['8.8.8.8', '169.254.169.254', '10.0.0.1'], ['127.0.0.1']];
  let round = 0;
  const names = await named((_, type) => (type === 'A' ? answers[round]! : ['0:0:0:0:0:ffff:a9fe:a9fe']));
  const look = () =>
    new Promise((resolve) =>
      guardedLookup({ loopback: false }, names)('rebound.example', { all: true }, (error, found) =>
        resolve(error?.code ?? found),
      ),
    );
  for (; round < 2; round++) expect(await look()).toEqual([{ address: '8.8.8.8', family: 4 }]);
  expect(await look()).toBe(UNREACHABLE);
});
