import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Unauthenticated } from '../errors.ts';
import { claimsOfRooms } from './room-claims.ts';
import { formatTokenKeys, newTokenKey, verifyingKeys } from './token-keys.ts';
import { tokensFrom } from './tokens.ts';

const pair = generateKeyPairSync('ed25519');
const PRIVATE = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const PUBLIC = pair.publicKey.export({ type: 'spki', format: 'pem' }) as string;
const tokens = tokensFrom(PRIVATE);
const now = new Date('2026-06-01T12:00:00Z');
const seconds = now.getTime() / 1000;

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const GOOD = { sub: 'user_1', iss: 'agora', aud: 'agora', iat: seconds, exp: seconds + 900, roles: ['ADMIN'] };

/** A forged token: `make` signs its text. */
function forged(payload: object, header: object, make: (text: string) => Buffer): string {
  const text = `${part(header)}.${part(payload)}`;
  return `${text}.${make(text).toString('base64url')}`;
}

const ours = (payload: object, header: object = { alg: 'EdDSA', typ: 'JWT' }): string =>
  forged(payload, header, (text) => sign(null, Buffer.from(text), pair.privateKey));

/** The result of the verification: the error, if the token was refused. */
const answer = (token: string, at = now): Promise<unknown> => tokens.verify(token, at).catch((error: unknown) => error);
const REFUSAL = expect.any(Unauthenticated);

test('a token is verified to its actor with the public key alone', async () => {
  const claims = {
    id: 'user_1',
    roles: ['CUSTOMER' as const],
    customerId: 'c_1',
    merchantId: 'm_1',
    orderId: 'o_1',
    ownerIds: {},
    sessionId: 's_1',
  };
  const { token, expiresAt } = await tokens.sign({ ...claims, scopes: ['order:read'] }, 900, now);
  const verified = await tokensFrom(PUBLIC).verify(token, now);
  expect(verified.actor.claims()).toEqual({ ...claims, scopes: ['order:read'] });
  expect(verified.expiresAt).toEqual(expiresAt);
  expect(expiresAt.toISOString()).toBe('2026-06-01T12:15:00.000Z');
});

test('a process without the private key cannot sign', async () => {
  await expect(tokensFrom(PUBLIC).sign({ id: 'user_1', roles: [] }, 900, now)).rejects.toThrow('no key');
});

test('a valid token made by this test’s own code is accepted, so the refusals below have their reasons', async () => {
  const { actor } = await tokens.verify(ours(GOOD), now);
  expect([...actor.roles]).toEqual(['ADMIN']);
});

describe('a token is refused', () => {
  test('that has expired, with a hint how to get another', async () => {
    expect(await answer(ours(GOOD), new Date(now.getTime() + 900_000))).toEqual(REFUSAL);
    await expect(tokens.verify(ours({ ...GOOD, exp: seconds - 1 }), now)).rejects.toThrow('has expired');
  });

  test('whose payload or signature was tampered with', async () => {
    const [header, , signature] = ours({ ...GOOD, roles: ['CUSTOMER'] }).split('.');
    expect(await answer(`${header}.${part(GOOD)}.${signature}`)).toEqual(REFUSAL);
    const good = ours(GOOD);
    expect(await answer(good.slice(0, -6) + (good.endsWith('AAAAAA') ? 'BBBBBB' : 'AAAAAA'))).toEqual(REFUSAL);
  });

  test('with alg none, with and without a signature', async () => {
    expect(await answer(forged(GOOD, { alg: 'none', typ: 'JWT' }, () => Buffer.alloc(0)))).toEqual(REFUSAL);
    expect(await answer(ours(GOOD, { alg: 'none', typ: 'JWT' }))).toEqual(REFUSAL);
  });

  test('that is an HMAC made with the public key', async () => {
    for (const key of [PUBLIC, PUBLIC.trim(), pair.publicKey.export({ type: 'spki', format: 'der' })])
      expect(
        await answer(
          forged(GOOD, { alg: 'HS256', typ: 'JWT' }, (text) => createHmac('sha256', key).update(text).digest()),
        ),
      ).toEqual(REFUSAL);
  });

  test('that was signed with another key, even one that includes its key', async () => {
    const other = generateKeyPairSync('ed25519');
    const header = { alg: 'EdDSA', typ: 'JWT', jwk: other.publicKey.export({ format: 'jwk' }) };
    expect(await answer(forged(GOOD, header, (text) => sign(null, Buffer.from(text), other.privateKey)))).toEqual(
      REFUSAL,
    );
  });

  test.each([{ kid: 'key-1' }, { kid: '../../etc/passwd' }, { jku: 'https://example.org/keys' }, { crit: ['exp'] }])(
    'that has other header parameters than ours, though we signed it: %j',
    async (parameters) => {
      expect(await answer(ours(GOOD, { alg: 'EdDSA', typ: 'JWT', ...parameters }))).toEqual(REFUSAL);
    },
  );

  test.each([
    ['for another audience', { aud: 'elsewhere' }],
    ['of another issuer', { iss: 'elsewhere' }],
    ['without audience', { aud: undefined }],
    ['without issuer', { iss: undefined }],
    ['without an end', { exp: undefined }],
    ['without a subject', { sub: undefined }],
    ['that is not good yet', { nbf: seconds + 60 }],
  ])('%s', async (_, change) => {
    expect(await answer(ours({ ...GOOD, ...change }))).toEqual(REFUSAL);
  });

  test.each(['', 'x', 'a.b.c', '..', 'Bearer x'])('that is malformed: %j', async (text) => {
    expect(await answer(text)).toEqual(REFUSAL);
  });
});

describe('of a ring of keys', () => {
  const [old, young] = [
    { ...newTokenKey(), id: 'old' },
    { ...newTokenKey(), id: 'young' },
  ];
  const bare = { ...pair, id: undefined };
  const of = (...keys: (typeof old | typeof bare)[]) => tokensFrom(formatTokenKeys(keys));
  const half = (key: typeof old) => verifyingKeys([key])[0];
  const signedBy = async (one: ReturnType<typeof of>) => (await one.sign({ id: 'user_1', roles: [] }, 900, now)).token;
  const headerOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString());
  const keyOf = async (one: ReturnType<typeof of>, token: string) => (await one.verify(token, now)).keyId;

  test('the first signs, and its id is the kid; a key without an id signs as it did before there were rings', async () => {
    expect(headerOf(await signedBy(of(young, old)))).toEqual({ alg: 'EdDSA', typ: 'JWT', kid: 'young' });
    expect(headerOf(await signedBy(of(bare, young)))).toEqual({ alg: 'EdDSA', typ: 'JWT' });
  });

  test('all verify: in each step of a rotation, whichever process has taken it already', async () => {
    const [first, second, third] = [of(bare), of(young, bare), of(young)];
    const gateways = [
      tokensFrom(formatTokenKeys([bare, half(young)])),
      tokensFrom(formatTokenKeys([half(young), bare])),
    ];
    for (const gateway of gateways)
      for (const identity of [first, second, third])
        expect((await gateway.verify(await signedBy(identity), now)).actor.id).toBe('user_1');
    expect(await keyOf(gateways[0]!, await signedBy(first))).toBeUndefined();
    expect(await keyOf(gateways[0]!, await signedBy(second))).toBe('young');
    await expect(third.verify(await signedBy(first), now)).rejects.toThrow('not valid');
  });

  test('a key that was given an id verifies the tokens that it signed without one', async () => {
    const named = of(young, { ...pair, id: 'named' });
    expect(await keyOf(named, await signedBy(of(bare)))).toBe('named');
  });

  test('a token is not verified by a key that it does not name, though that one has signed it', async () => {
    const signed = (kid: unknown) => ours(GOOD, { alg: 'EdDSA', typ: 'JWT', kid });
    const one = of(young, { ...pair, id: 'named' }, old);
    expect((await one.verify(signed('named'), now)).actor.id).toBe('user_1');
    for (const kid of ['young', 'old', 'unknown', '', 'NAMED', null, 0, ['named'], { id: 'named' }])
      await expect(one.verify(signed(kid), now)).rejects.toThrow('not valid');
  });

  test('a token that has expired is told so, whichever of the keys it is of', async () => {
    const late = new Date(now.getTime() + 900_000);
    for (const signer of [of(young), of(old), of(bare)])
      await expect(of(young, old, bare).verify(await signedBy(signer), late)).rejects.toThrow('has expired');
  });

  test('a ring whose first key is public signs nothing', async () => {
    await expect(signedBy(tokensFrom(formatTokenKeys([half(young), old])))).rejects.toThrow('no key');
  });
});

describe('a claim that a room declares', () => {
  const claims = { vendorId: 'ven' };
  const [its, others] = [tokensFrom(PRIVATE, claims), tokensFrom(PUBLIC, { supplierId: 'sup' })];
  const vendor = { id: 'user_1', roles: [], customerId: 'c_1', ownerIds: { vendorId: 'v_1', supplierId: 's_1' } };

  test('is carried by its short name, and no other claim is', async () => {
    const { token } = await its.sign(vendor, 900, now);
    expect(JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString())).toEqual({
      sub: 'user_1',
      iss: 'agora',
      aud: 'agora',
      iat: seconds,
      exp: seconds + 900,
      roles: [],
      cus: 'c_1',
      ven: 'v_1',
    });
    const { actor } = await its.verify(token, now);
    expect(actor).toMatchObject({ customerId: 'c_1', ownerIds: { vendorId: 'v_1' } });
    const again = await its.sign(actor.claims(), 900, now);
    expect((await its.verify(again.token, now)).actor).toEqual(actor);
  });

  test('is ignored by a process that does not know it, and missing in a token from before', async () => {
    const { token } = await its.sign(vendor, 900, now);
    const { actor } = await others.verify(token, now);
    expect(actor).toMatchObject({ customerId: 'c_1', ownerIds: {} });
    expect((await its.verify(ours({ ...GOOD, cus: 'c_1' }), now)).actor.ownerIds).toEqual({});
  });

  test.each([5, null, ['v_1'], { a: 1 }])('is dropped if it is no text: %j', async (ven) => {
    expect((await its.verify(ours({ ...GOOD, ven }), now)).actor.ownerIds).toEqual({});
  });

  test('has no name that a token has already', async () => {
    const all = { ...vendor, merchantId: 'm', orderId: 'o', sessionId: 's', scopes: [] };
    const { token } = await tokensFrom(PRIVATE, {}).sign(all, 900, now);
    for (const short of Object.keys(JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString())))
      expect(() => claimsOfRooms([{ name: 'vendor', claims: { vendorId: short } }])).toThrow('short name');
  });
});

test('unknown roles and claims of a wrong type are dropped', async () => {
  const { actor } = await tokens.verify(
    ours({ ...GOOD, roles: ['ROOT', 'VIEWER', 7], scopes: 'order:*', cus: 5 }),
    now,
  );
  expect([...actor.roles]).toEqual(['VIEWER']);
  expect(actor.may('order:write')).toBe(false);
  expect(actor.customerId).toBeUndefined();
});
