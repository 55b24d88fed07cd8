import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createTransport } from './post.ts';
import { checkUrl, guardedLookup, isReachable, networksOf, UNREACHABLE } from './reach.ts';

const PUBLIC = { loopback: false };

/** Addresses that are none of the public internet, and texts that are no addresses. */
const CLOSED = `
  0.0.0.0 10.0.0.1 100.100.100.200 127.0.0.1 168.63.129.16 169.254.169.254 172.31.255.255 192.0.0.192 192.0.2.1
  192.168.1.1 198.19.0.1 203.0.113.9 224.0.0.1 255.255.255.255 :: ::1 fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254
  ff02::1 2001:db8::1 3fff::1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe 0:0:0:0:0:FFFF:7F00:1 ::127.0.0.1 ::ffff:0:127.0.0.1
  64:ff9b::10.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 2002:7f00:1:: 2001:0:1::1 example.com
`;

test.each([...CLOSED.trim().split(/\s+/), ''])('%s is not reached', (address) => {
  expect(isReachable(address, PUBLIC)).toBe(false);
});

test.each(['8.8.8.8', '100.63.255.255', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808'])(
  '%s is reached',
  (address) => {
    expect(isReachable(address, PUBLIC)).toBe(true);
  },
);

test('an IPv4 address is reached or not, however it is written in IPv6', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.boolean(), (address, loopback) => {
      const expected = isReachable(address, { loopback });
      const [a, b, c, d] = address.split('.').map(Number) as [number, number, number, number];
      const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
      const forms = [`::ffff:${address}`, `::FFFF:${hex}`, `0:0:0:0:0:ffff:${hex}`, `64:ff9b::${hex}`];
      for (const form of forms) expect([form, isReachable(form, { loopback })]).toEqual([form, expected]);
    }),
  );
});

test('networks of the house are reached where they are allowed, and no others', () => {
  const networks = networksOf(['10.1.0.0/16', 'fd00:1::/32']);
  const allowed = { loopback: false, networks };
  expect(['10.1.2.3', '::ffff:10.1.2.3', 'fd00:1::5'].map((one) => isReachable(one, allowed))).toEqual([
    true,
    true,
    true,
  ]);
  expect(['10.2.0.1', '127.0.0.1', 'fd00:2::5'].map((one) => isReachable(one, allowed))).toEqual([false, false, false]);
});

test.each(['10.0.0.0', '10.0.0.0/33', 'fd00::/129', 'example.com/8', '10.0.0.0/x'])('%s is no network', (text) => {
  expect(() => networksOf([text])).toThrow('a network is an address and its length');
});

test.each([
  'http://example.com/hook',
  'ftp://example.com',
  'https://',
  'no url',
  'https://user:secret@example.com',
  'https://example.com/#part',
  'https://127.0.0.1/hook',
  'https://0x7f.1/hook',
  'https://2130706433/hook',
  'https://localhost/hook',
  'https://api.localhost/hook',
  'https://[::1]/hook',
  'https://[::ffff:169.254.169.254]/latest/meta-data',
  'http://127.0.0.1/hook',
])('%s is refused as the URL of an endpoint', (url) => {
  expect(() => checkUrl(url, PUBLIC)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
});

test('an https URL is taken, and in development http of the machine itself', () => {
  expect(checkUrl('https://example.com/hook?a=1', PUBLIC)).toBe('https://example.com/hook?a=1');
  for (const url of ['http://127.0.0.1:8080/', 'http://localhost/hook', 'https://[::1]/'])
    expect(checkUrl(url, { loopback: true })).toBe(url);
  for (const url of ['http://example.com/', 'https://10.0.0.1/'])
    expect(() => checkUrl(url, { loopback: true })).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  expect(() => checkUrl('http://example.com/', { loopback: true })).toThrow('or with `http://` and name this machine');
  expect(() => checkUrl('http://example.com/', PUBLIC)).toThrow(/name a host\.$/);
});

test('a name that resolves to this machine is not connected to, nor its address', async () => {
  let asked = 0;
  const server = createServer((_, response) => {
    asked++;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const send = async (host: string, allowed: { loopback: boolean }) => {
    const transport = createTransport(allowed);
    const url = `http://${host}:${port}/`;
    const attempt = await transport.post({ url, headers: {}, body: '{}', signal: new AbortController().signal });
    transport.close();
    return attempt;
  };
  try {
    for (const host of ['localhost', '127.0.0.1', '[::ffff:127.0.0.1]'])
      expect(await send(host, PUBLIC)).toMatchObject({
        status: null,
        error: expect.stringContaining('none of the public internet'),
      });
    expect(asked).toBe(0);
    expect(await send('localhost', { loopback: true })).toMatchObject({ status: 200 });
    expect(asked).toBe(1);
  } finally {
    server.close();
  }
});

test('a connection is made to an address that was checked, and to none that is not allowed', async () => {
  const looked = (allowed: Parameters<typeof guardedLookup>[0], all: boolean) =>
    new Promise((resolve) =>
      guardedLookup(allowed)('localhost', { all }, (error, found) => resolve(error?.code ?? found)),
    );
  expect(await looked(PUBLIC, true)).toBe(UNREACHABLE);
  expect(await looked(PUBLIC, false)).toBe(UNREACHABLE);
  const networks = networksOf(['127.0.0.0/8']);
  expect(await looked({ loopback: false, networks }, false)).toBe('127.0.0.1');
  expect(await looked({ loopback: false, networks }, true)).toEqual([{ address: '127.0.0.1', family: 4 }]);
});
