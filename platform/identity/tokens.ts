/**
 * Access tokens: JWTs signed with Ed25519 (RFC 8037) by the agent identity, and verified with the public key that their
 * `kid` names. Only `EdDSA` is accepted, so that neither `alg: none` nor a symmetric key made of the public one can pass.
 */
import { decodeProtectedHeader, errors, type JWTVerifyOptions, type JWTVerifyResult, jwtVerify, SignJWT } from 'jose';
import { Unauthenticated } from '../errors.ts';
import { Actor, type ActorClaims } from './actor.ts';
import { ROOM_CLAIMS } from './claims.generated.ts';
import { ROLES, type Role } from './roles.ts';
import type { RoomClaims } from './room-claims.ts';
import { parseTokenKeys, type TokenKey } from './token-keys.ts';

const ISSUER = 'agora';
const AUDIENCE = 'agora';
/**
 * All parameters of our headers. One that includes a key or its address is refused (RFC 8725, 3.5 and 3.10); a `kid` is
 * compared with the ids of our own keys, and no key is looked for by it.
 */
const HEADER: readonly string[] = ['alg', 'typ', 'kid'];

/** Message for a token that has expired. */
export const TOKEN_EXPIRED =
  'The access token has expired: get a new one with `refreshSession`, or sign in again, without sending this one.';

/** Signs access tokens with the first key of a ring, and verifies them with all. Without a private key it only verifies. */
export interface Tokens {
  /** Signs a token for these claims, with a lifetime in seconds. @throws Error without a private key */
  sign(claims: ActorClaims, seconds: number, now: Date): Promise<{ token: string; expiresAt: Date }>;
  /** Verifies a token, and returns its actor, expiry and key. @throws Unauthenticated for an invalid token */
  verify(token: string, now?: Date): Promise<Verified>;
}

/** What a valid token says. */
export interface Verified {
  actor: Actor;
  expiresAt: Date;
  /** The id of the key that it was signed with; undefined for a key without one. */
  keyId: string | undefined;
}

/**
 * Creates tokens with the keys of a ring, as {@link parseTokenKeys} reads it. Of the claims beside the platform's own
 * they carry those of `roomClaims` alone. @throws Error for a text that is no such ring
 */
export function tokensFrom(keys: string, roomClaims: RoomClaims = ROOM_CLAIMS): Tokens {
  const ring = parseTokenKeys(keys);
  const [{ id: kid, privateKey }] = ring;
  return {
    async sign(claims, seconds, now) {
      if (!privateKey) throw new Error('This process holds no key to sign tokens with.');
      const issued = Math.floor(now.getTime() / 1000);
      const token = await new SignJWT(toPayload(claims, roomClaims))
        .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', ...(kid !== undefined && { kid }) })
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
        const { key, payload, protectedHeader } = await verifiedBy(keysFor(token, ring), token, {
          algorithms: ['EdDSA'],
          issuer: ISSUER,
          audience: AUDIENCE,
          requiredClaims: ['sub', 'exp'],
          currentDate: now,
        });
        if (Object.keys(protectedHeader).some((name) => !HEADER.includes(name))) throw new Error('not one of ours');
        const actor = new Actor(fromPayload(payload, roomClaims));
        return { actor, expiresAt: new Date(payload.exp! * 1000), keyId: key.id };
      } catch (error) {
        if (error instanceof errors.JWTExpired) throw new Unauthenticated(TOKEN_EXPIRED);
        throw new Unauthenticated('The access token is not valid: sign in again.');
      }
    },
  };
}

/**
 * The keys that a token may be signed with: the one that it names, or, of a token that names none, any. Those are from
 * before keys had ids, or from a key without one; the key itself may have been given an id since.
 */
function keysFor(token: string, ring: readonly TokenKey[]): readonly TokenKey[] {
  const { kid } = decodeProtectedHeader(token);
  return kid === undefined ? ring : ring.filter(({ id }) => id === kid);
}

/** Verifies a token with the key that fits its signature. @throws Error if none does, or if the token is invalid */
async function verifiedBy(
  keys: readonly TokenKey[],
  token: string,
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult & { key: TokenKey }> {
  for (const key of keys) {
    try {
      return { key, ...(await jwtVerify(token, key.publicKey, options)) };
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw new Error('signed with none of these keys');
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
