import type { IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import { clientOf } from './client-of.ts';

const address = (proxies: number, forwarded?: string, remoteAddress = '::ffff:10.0.0.1') =>
  clientOf(
    { headers: { 'x-forwarded-for': forwarded }, socket: { remoteAddress } } as unknown as IncomingMessage,
    proxies,
  ).address;

test('without proxies the socket says who it is, whatever the client writes', () => {
  expect(address(0)).toBe('10.0.0.1');
  expect(address(0, '1.2.3.4')).toBe('10.0.0.1');
});

test('behind proxies it is the one whom the first of ours saw; what stands before was made up', () => {
  expect(address(1, '9.9.9.9, 1.2.3.4')).toBe('1.2.3.4');
  expect(address(2, '9.9.9.9, 1.2.3.4, 10.0.0.2')).toBe('1.2.3.4');
  expect(address(1)).toBe('10.0.0.1');
  expect(address(1, 'not-an-address')).toBeUndefined();
  expect(address(1, '2001:db8::1')).toBe('2001:db8::1');
});
