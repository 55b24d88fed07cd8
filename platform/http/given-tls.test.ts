import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Certificate, hasOpenssl, makeCertificate } from '../../tests/support/certificate.ts';
import { orSkip } from '../../tests/support/or-skip.ts';
import { givenTls } from './given-tls.ts';

test('without variables there is no certificate', () => {
  expect(givenTls({})).toBeUndefined();
});

test('a certificate without a key, or a missing file, is refused by the name of its variable', () => {
  expect(() => givenTls({ TLS_CERT: '/nowhere/cert.pem' })).toThrow('TLS_KEY must be given too');
  expect(() => givenTls({ TLS_KEY: '/nowhere/key.pem' })).toThrow('TLS_CERT must be given too');
  expect(() => givenTls({ TLS_CERT: '/nowhere/cert.pem', TLS_KEY: '/nowhere/key.pem' })).toThrow(
    /^TLS_CERT cannot be read: ENOENT/,
  );
});

orSkip(
  hasOpenssl(),
  describe,
  'certificates and their keys',
  'openssl',
)('a certificate', () => {
  let [one, other]: Certificate[] = [];
  beforeAll(() => {
    [one, other] = [makeCertificate(), makeCertificate()];
  });
  afterAll(() => [one, other].forEach((each) => each?.remove()));

  test('is read with its key', () => {
    const tls = givenTls({ TLS_CERT: one!.cert, TLS_KEY: one!.key });
    expect(tls?.cert).toContain('BEGIN CERTIFICATE');
    expect(tls?.key).toContain('PRIVATE KEY');
  });

  test('with the key of another is refused before anything listens', () => {
    expect(() => givenTls({ TLS_CERT: one!.cert, TLS_KEY: other!.key })).toThrow('TLS_CERT and TLS_KEY do not fit');
  });
});
