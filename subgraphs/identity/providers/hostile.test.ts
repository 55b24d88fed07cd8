/** Attacks on signing in by a provider. None must succeed, or leave a trace in the tables. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeJwt, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { pino } from 'pino';
import { raw } from '../../../platform/data/raw.ts';
import { type OpenIdProvider, openOpenIdProvider, REDIRECT_URI } from '../../../tests/support/openid-provider.ts';
import { openProvided, type ProvidedAgents } from './providers.testing.ts';

const logged: string[] = [];
let acme: OpenIdProvider;
let other: OpenIdProvider;
let shop: ProvidedAgents;
beforeAll(async () => {
  [acme, other] = [await openOpenIdProvider(), await openOpenIdProvider()];
  const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });
  shop = await openProvided([acme, other], log);
  for (const provider of [acme, other])
    provider.people.set('mallory', { email: 'mallory@example.com', email_verified: true, name: 'Mallory' });
});
afterAll(async () => {
  await shop?.agents.close();
  await acme?.close();
  await other?.close();
});

let before: Record<string, number>;
beforeEach(async () => {
  before = await shop.traces();
});
afterEach(async () => {
  acme.tamper = {};
  acme.intercept = undefined;
  expect(await shop.traces()).toEqual(before);
});

const nothing = (code: string) => ({ accessToken: null, refreshToken: null, user: null, userErrors: [{ code }] });
/** A user who came back from a provider, with token and callback URL. */
async function beenThere(provider = acme, name = 'acme') {
  const { authorizationUrl, attemptToken } = await shop.begin(name);
  return { attemptToken, callback: new URL(await provider.visit(authorizationUrl, 'mallory')) };
}
const withParameter = (url: URL, name: string, value: string | null): string => {
  const changed = new URL(url);
  if (value === null) changed.searchParams.delete(name);
  else changed.searchParams.set(name, value);
  return changed.href;
};

describe('the callback URL', () => {
  test('is worth nothing without the token of its attempt, or with the token of another one', async () => {
    const [victim, thief] = [await beenThere(), await beenThere()];
    expect(await shop.complete('x'.repeat(43), victim.callback.href)).toMatchObject(nothing('INVALID_SIGN_IN_ATTEMPT'));
    expect(await shop.complete(thief.attemptToken, victim.callback.href)).toMatchObject(nothing('PROVIDER_REFUSED'));
  });

  test.each([
    ['another state', 'state', 'x'.repeat(43)],
    ['no state', 'state', null],
    ['another code', 'code', 'x'.repeat(43)],
    ['no code', 'code', null],
    ['another issuer', 'iss', 'http://127.0.0.1:1'],
    ['no issuer', 'iss', null],
  ])('with %s signs no one in', async (_, name, value) => {
    const { attemptToken, callback } = await beenThere();
    const answer = await shop.complete(attemptToken, withParameter(callback, name, value));
    expect(answer).toMatchObject(nothing('PROVIDER_REFUSED'));
    // An attempt is good once.
    expect(await shop.complete(attemptToken, callback.href)).toMatchObject(nothing('INVALID_SIGN_IN_ATTEMPT'));
  });

  test('of one provider is not believed of another (mix-up)', async () => {
    const [honest, hostile] = [await beenThere(), await beenThere(other, 'other')];
    const mixed = withParameter(hostile.callback, 'state', honest.callback.searchParams.get('state'));
    const asked = acme.asked.get('/token');
    expect(await shop.complete(honest.attemptToken, mixed)).toMatchObject(nothing('PROVIDER_REFUSED'));
    // The code of one provider was not even sent to the other.
    expect(acme.asked.get('/token')).toBe(asked);
  });

  test('with the code of another attempt signs no one in: a code is bound to its attempt', async () => {
    const [victim, thief] = [await beenThere(), await beenThere()];
    const injected = withParameter(thief.callback, 'code', victim.callback.searchParams.get('code'));
    expect(await shop.complete(thief.attemptToken, injected)).toMatchObject(nothing('PROVIDER_REFUSED'));
  });

  test('is refused if it is not the redirect URI of its attempt', async () => {
    const { attemptToken, callback } = await beenThere();
    const elsewhere = callback.href.replace('signed-in', 'other');
    expect(await shop.complete(attemptToken, elsewhere)).toMatchObject(nothing('INVALID_INPUT'));
  });

  test('expires after ten minutes', async () => {
    const { attemptToken, callback } = await beenThere();
    shop.agents.clock.advance(601_000);
    expect(await shop.complete(attemptToken, callback.href)).toMatchObject(nothing('INVALID_SIGN_IN_ATTEMPT'));
  });

  test('with a denial signs no one in', async () => {
    const { authorizationUrl, attemptToken } = await shop.begin('acme');
    const callback = await acme.visit(authorizationUrl, 'nobody');
    expect(new URL(callback).searchParams.get('error')).toBe('access_denied');
    expect(await shop.complete(attemptToken, callback)).toMatchObject(nothing('PROVIDER_REFUSED'));
    expect((await shop.audit()).at(-1)).toMatchObject({
      action: 'SIGN_IN_REFUSED',
      details: { provider: 'acme', reason: 'access_denied' },
    });
    expect(JSON.parse(logged.at(-1)!)).toMatchObject({ provider: 'acme', reason: 'access_denied' });
    expect(logged.join('')).not.toContain(new URL(callback).searchParams.get('state'));
  });
});

describe('an ID token', () => {
  const signed = (claims: JWTPayload) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: acme.key.kid }).sign(acme.key.private);
  const hmac = (claims: JWTPayload, secret: string) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: acme.key.kid }).sign(new TextEncoder().encode(secret));
  const past = () => Math.floor(Date.now() / 1000) - 3600;

  const FORGED: [string, (claims: JWTPayload) => Promise<string> | string][] = [
    ['with another nonce', (claims) => signed({ ...claims, nonce: 'x'.repeat(43) })],
    ['without a nonce', ({ nonce: _, ...claims }) => signed(claims)],
    ['for another client', (claims) => signed({ ...claims, aud: 'somebody else' })],
    ['for another client too, and meant for it', (claims) => signed({ ...claims, aud: ['agora', 'x'], azp: 'x' })],
    ['of another issuer', (claims) => signed({ ...claims, iss: other.issuer })],
    ['that is over', (claims) => signed({ ...claims, iat: past() - 60, exp: past() })],
    ['without an end', ({ exp: _, ...claims }) => signed(claims)],
    ['without a subject', ({ sub: _, ...claims }) => signed(claims)],
    [
      "signed with another's key",
      async (claims) => {
        const { privateKey } = await generateKeyPair('RS256');
        return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: acme.key.kid }).sign(privateKey);
      },
    ],
    [
      "of the other provider's key",
      (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: acme.key.kid }).sign(other.key.private),
    ],
    [
      'with a key that nobody has',
      (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'x' }).sign(acme.key.private),
    ],
    ['without a signature (alg none)', (claims) => new UnsecuredJWT(claims).encode()],
    ['signed with the client secret', (claims) => hmac(claims, 'a secret of the test provider')],
    ['signed with the public key as a secret', async (claims) => hmac(claims, await exportSPKI(acme.key.public))],
    [
      'whose text was changed',
      async (claims) => {
        const [head, , signature] = (await signed(claims)).split('.');
        return [head, Buffer.from(JSON.stringify({ ...claims, sub: 'victim' })).toString('base64url'), signature].join(
          '.',
        );
      },
    ],
    ['that is none', () => 'x.y.z'],
  ];

  test('without forgery, made the same way, signs in', async () => {
    acme.people.set('trent', { email: 'trent@example.com', email_verified: true });
    acme.tamper.token = async (body) => ({ ...body, id_token: await signed(decodeJwt(body.id_token)) });
    const { userErrors } = await shop.signIn(acme, 'trent');
    expect(userErrors).toEqual([]);
    before = await shop.traces();
  });

  test.each(FORGED)('%s is not believed', async (_, forge) => {
    acme.tamper.token = async (body) => ({ ...body, id_token: await forge(decodeJwt(body.id_token)) });
    expect(await shop.signIn(acme, 'mallory')).toMatchObject(nothing('PROVIDER_REFUSED'));
  });

  /** Signs the ID token anew with a subject, and with an address, so that the user info is not asked. */
  const withSubject = (sub: string): void => {
    acme.tamper.token = async (body) => ({
      ...body,
      id_token: await signed({ ...decodeJwt(body.id_token), sub, email: 'eve@example.com', email_verified: true }),
    });
  };
  const SUBJECTS: [string, string][] = [
    ['of 256 characters', 'x'.repeat(256)],
    ['longer than an index of the database holds', randomBytes(4000).toString('hex')],
    ['without a character', ''],
    ['of a blank', ' '],
    ['with NUL', 'eve\u0000'],
    ['with half a surrogate pair', 'eve\ud800'],
  ];

  test.each(SUBJECTS)('with a subject %s signs no one in, and the audit has it', async (_, subject) => {
    withSubject(subject);
    expect(await shop.signIn(acme, 'mallory')).toMatchObject(nothing('PROVIDER_REFUSED'));
    expect((await shop.audit()).at(-1)).toMatchObject({
      action: 'SIGN_IN_REFUSED',
      details: { provider: 'acme', reason: 'invalid_subject' },
    });
  });

  test.each(SUBJECTS)('with a subject %s is linked with no account', async (_, subject) => {
    const answer = await shop.client.signUp({ email: `${randomUUID()}@example.com` });
    const as = await shop.client.actorOf(answer);
    await raw(shop.agents.kysely, 'update identity.account set email_verified_at = created_at where id = $1', [as.id]);
    before = await shop.traces();
    withSubject(subject);
    const { authorizationUrl, attemptToken } = await shop.beginLink('acme', as);
    const { identity, userErrors } = await shop.link(attemptToken, await acme.visit(authorizationUrl, 'mallory'), as);
    expect({ identity, userErrors }).toMatchObject({ identity: null, userErrors: [{ code: 'PROVIDER_REFUSED' }] });
    expect((await shop.audit()).at(-1)).toMatchObject({ details: { provider: 'acme', reason: 'invalid_subject' } });
  });

  test('with a subject of 255 characters signs in', async () => {
    withSubject('x'.repeat(255));
    expect((await shop.signIn(acme, 'mallory')).userErrors).toEqual([]);
    before = await shop.traces();
  });

  test('is required: an access token alone does not identify the user', async () => {
    acme.tamper.token = ({ id_token: _, ...body }) => body;
    expect(await shop.signIn(acme, 'mallory')).toMatchObject(nothing('PROVIDER_REFUSED'));
  });

  test('must have the subject of the user info', async () => {
    acme.tamper.userinfo = (body) => ({ ...body, sub: 'victim' });
    expect(await shop.signIn(acme, 'mallory')).toMatchObject(nothing('PROVIDER_REFUSED'));
  });
});

describe('beginning a sign-in', () => {
  test.each(['https://evil.example/signed-in', `${REDIRECT_URI}/`, `${REDIRECT_URI}?a=b`, `${REDIRECT_URI}#`, ''])(
    'refuses the redirect URI %j',
    async (redirectUri) => {
      const begun = await shop.begin('acme', redirectUri);
      expect(begun).toMatchObject({
        authorizationUrl: null,
        attemptToken: null,
        userErrors: [{ code: 'INVALID_INPUT', path: ['input', 'redirectUri'] }],
      });
    },
  );

  test('refuses an unknown provider', async () => {
    expect((await shop.begin('nobody')).userErrors).toMatchObject([{ code: 'NOT_FOUND', path: ['input', 'provider'] }]);
  });
});

test('hashes from the database complete nothing', async () => {
  const { attemptToken, callback } = await beenThere();
  const rows = await shop.agents.kysely.selectFrom('identity.provider_attempt').select(['hash', 'sealed']).execute();
  expect(rows.map(({ hash }) => hash)).not.toContain(attemptToken);
  for (const { hash, sealed } of rows.slice(-3)) {
    expect(await shop.complete(hash, callback.href)).toMatchObject(nothing('INVALID_SIGN_IN_ATTEMPT'));
    expect(await shop.complete(sealed, callback.href)).toMatchObject(nothing('INVALID_SIGN_IN_ATTEMPT'));
  }
});

test('a refusal is logged with its reason, and without secrets', async () => {
  const { attemptToken, callback } = await beenThere();
  acme.tamper.token = async (body) => ({ ...body, id_token: new UnsecuredJWT(decodeJwt(body.id_token)).encode() });
  expect(await shop.complete(attemptToken, callback.href)).toMatchObject(nothing('PROVIDER_REFUSED'));
  const line = JSON.parse(logged.at(-1)!);
  expect(line).toMatchObject({ provider: 'acme', reason: expect.stringMatching(/^OAUTH_/), msg: 'not vouched for' });
  const code = callback.searchParams.get('code')!;
  const { clientSecret } = acme.settings('acme') as { clientSecret: string };
  for (const secret of [code, attemptToken, clientSecret, 'mallory@example.com'])
    expect(logged.join('')).not.toContain(secret);
});
