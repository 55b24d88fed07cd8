/**
 * Access tokens: JWTs signed with Ed25519 (RFC 8037) by the agent identity, and verified with the public key.
 * Only `EdDSA` is accepted, so that neither `alg: none` nor a symmetric key made of the public one can pass.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { Unauthenticated } from '../errors.ts';
import { Actor, type ActorClaims } from './actor.ts';
import { ROOM_CLAIMS } from './claims.generated.ts';
import { ROLES, type Role } from './roles.ts';
import type { RoomClaims } from './room-claims.ts';

const ISSUER = 'agora';
const AUDIENCE = 'agora';
/** All parameters of our headers. A header that names or includes a key is refused (RFC 8725, 3.5 and 3.10). */
const HEADER: readonly string[] = ['alg', 'typ'];

/** Signs and verifies access tokens. Without a private key it only verifies. */
export interface Tokens {
  /** Signs a token for these claims, with a lifetime in seconds. @throws Error without a private key */
  sign(claims: ActorClaims, seconds: number, now: Date): Promise<{ token: string; expiresAt: Date }>;
  /** Verifies a token, and returns its actor and its expiry. @throws Unauthenticated for an invalid token */
  verify(token: string, now?: Date): Promise<{ actor: Actor; expiresAt: Date }>;
}

/**
 * Creates tokens with a PKCS#8 (or, to verify only, SPKI) Ed25519 key in PEM. Of the claims beside the platform's own
 * they carry those of `roomClaims` alone. @throws Error for another kind of key
 */
export function tokensFrom(pem: string, roomClaims: RoomClaims = ROOM_CLAIMS): Tokens {
  const isPrivate = pem.includes('PRIVATE KEY');
  const privateKey: KeyObject | undefined = isPrivate ? createPrivateKey(pem) : undefined;
  const publicKey = createPublicKey(pem);
  if (publicKey.asymmetricKeyType !== 'ed25519')
    throw new Error('TOKEN_KEY must be an Ed25519 key: openssl genpkey -algorithm ed25519.');
  return {
    async sign(claims, seconds, now) {
      if (!privateKey) throw new Error('This process holds no key to sign tokens with.');
      const issued = Math.floor(now.getTime() / 1000);
      const token = await new SignJWT(toPayload(claims, roomClaims))
        .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT' })
        .setSubject(claims.id)
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setIssuedAt(issued)
        .setExpirationTime(issued + seconds)
        .sign(privateKey);
      return { token, expiresAt: new Date((issued + seconds) * 1000) };
    },
    async verify(token, now) {
      try {
        const { payload, protectedHeader } = await jwtVerify(token, publicKey, {
          algorithms: ['EdDSA'],
          issuer: ISSUER,
          audience: AUDIENCE,
          requiredClaims: ['sub', 'exp'],
          currentDate: now,
        });
        if (Object.keys(protectedHeader).some((name) => !HEADER.includes(name))) throw new Error('not one of ours');
        return { actor: new Actor(fromPayload(payload, roomClaims)), expiresAt: new Date(payload.exp! * 1000) };
      } catch (error) {
        if (error instanceof errors.JWTExpired) {
          throw new Unauthenticated(
            'The access token has expired: get a new one with `refreshSession`, or sign in again, without sending this one.',
          );
        }
        throw new Unauthenticated('The access token is not valid: sign in again.');
      }
    },
  };
}

function toPayload(claims: ActorClaims, roomClaims: RoomClaims): Record<string, unknown> {
  const { roles, scopes, customerId, merchantId, orderId, ownerIds = {}, sessionId } = claims;
  const declared = Object.entries(roomClaims).map(([name, short]) => [short, ownerIds[name]]);
  return {
    ...Object.fromEntries(declared),
    roles,
    scopes,
    cus: customerId,
    mer: merchantId,
    ord: orderId,
    sid: sessionId,
  };
}

function fromPayload(payload: Record<string, unknown>, roomClaims: RoomClaims): ActorClaims {
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const list = (value: unknown): string[] =>
    Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  const declared = Object.entries(roomClaims).flatMap(([name, short]) => {
    const id = text(payload[short]);
    return id === undefined ? [] : [[name, id]];
  });
  return {
    id: payload.sub as string,
    roles: list(payload.roles).filter((role): role is Role => (ROLES as readonly string[]).includes(role)),
    scopes: list(payload.scopes),
    customerId: text(payload.cus),
    merchantId: text(payload.mer),
    orderId: text(payload.ord),
    ownerIds: Object.fromEntries(declared),
    sessionId: text(payload.sid),
  };
}
