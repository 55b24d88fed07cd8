import type { IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import { clientOf } from './client-of.ts';

const address = (proxies: number, forwarded?: string, remoteAddress = '::ffff:10.0.0.1') =>
  clientOf(
    { headers: { 'x-forwarded-for': forwarded }, socket: { remoteAddress } } as unknown as IncomingMessage,
    proxies,
  ).address;

test('without proxies the client’s address is the socket’s, whatever the header says', () => {
  expect(address(0)).toBe('10.0.0.1');
  expect(address(0, '1.2.3.4')).toBe('10.0.0.1');
});

test('behind proxies the client’s address is the one that our first proxy saw; entries before it are ignored', () => {
  expect(address(1, '9.9.9.9, 1.2.3.4')).toBe('1.2.3.4');
  expect(address(2, '9.9.9.9, 1.2.3.4, 10.0.0.2')).toBe('1.2.3.4');
  expect(address(1)).toBe('10.0.0.1');
  expect(address(1, 'not-an-address')).toBeUndefined();
  expect(address(1, '2001:db8::1')).toBe('2001:db8::1');
});
