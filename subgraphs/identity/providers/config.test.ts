import { describe, expect, test } from '@jest/globals';
import { readConfig as readWith } from '../../../platform/config/config.ts';
import agent from '../agent.ts';
import type { IdentityVariables } from '../config.ts';

const readConfig = (environment: Record<string, string>) =>
  readWith(environment, [agent]) as unknown as IdentityVariables;

const ACME = {
  id: 'acme',
  name: 'Acme',
  issuer: 'https://id.acme.example',
  clientId: 'agora',
  clientSecret: 'hunter2',
};
const read = (...providers: unknown[]) => readConfig({ OIDC_PROVIDERS: JSON.stringify(providers) }).OIDC_PROVIDERS;

describe('OIDC_PROVIDERS', () => {
  test('is an empty list by default', () => {
    expect(readConfig({})).toMatchObject({ OIDC_PROVIDERS: [], SIGN_IN_REDIRECT_URIS: [] });
  });

  test('has defaults for most fields', () => {
    const { clientSecret: _, ...isPublic } = ACME;
    expect(read(ACME, { ...isPublic, id: 'local', issuer: 'http://127.0.0.1:8080/realms/shop' })).toEqual([
      { ...ACME, clientAuthentication: 'client_secret_basic', scopes: ['openid', 'email', 'profile'] },
      expect.objectContaining({ id: 'local', issuer: 'http://127.0.0.1:8080/realms/shop' }),
    ]);
  });

  test.each([
    [[{ ...ACME, issuer: 'http://id.acme.example' }], /OIDC_PROVIDERS: 0\.issuer: an https:\/\/ address/],
    [[{ ...ACME, issuer: 'http://127.0.0.1.acme.example' }], /0\.issuer: an https:\/\/ address/],
    [[{ ...ACME, issuer: `${ACME.issuer}/.well-known/openid-configuration` }], /0\.issuer: the issuer itself/],
    [[{ ...ACME, id: 'Acme!' }], /0\.id: lower-case letters/],
    [[{ ...ACME, scopes: ['email'] }], /0\.scopes: one of them is openid/],
    [[{ ...ACME, clientSecert: 'hunter2' }], /0: .*clientSecert/],
    [[ACME, ACME], /each has an id of its own/],
    [[{ ...ACME, clientId: undefined }], /0\.clientId/],
  ])('is refused as %j, with the reason and without the secret', (providers, message) => {
    expect(() => read(...providers)).toThrow(message);
    expect(() => read(...providers)).not.toThrow(/hunter2/);
  });

  test('is refused if it is not JSON, without quoting its text', () => {
    const start = () => readConfig({ OIDC_PROVIDERS: '[{"clientSecret": "hunter2"' });
    expect(start).toThrow(/OIDC_PROVIDERS: not JSON/);
    expect(start).not.toThrow(/hunter2/);
  });
});

describe('SIGN_IN_REDIRECT_URIS', () => {
  test('is taken literally', () => {
    const given = 'https://shop.example/signed-in, http://localhost:3000/back';
    expect(readConfig({ SIGN_IN_REDIRECT_URIS: given }).SIGN_IN_REDIRECT_URIS).toEqual(given.split(', '));
  });

  test.each([
    ['http://shop.example/', /0: an https/],
    ['https://shop.example/,shop', /1: an https/],
    ['https://shop.example/?a=b', /0: without \? and #/],
    ['https://shop.example', /0: as a browser writes it/],
    ['javascript:alert(1)', /0: an https/],
  ])('is refused as %s', (given, message) => {
    expect(() => readConfig({ SIGN_IN_REDIRECT_URIS: given })).toThrow(message);
  });
});
