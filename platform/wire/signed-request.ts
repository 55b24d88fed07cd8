/**
 * Requests between our processes are signed: HMAC-SHA256 over the whole request, with a key of the sender's own that is
 * derived from a master key of `REQUEST_KEYS`, and the master key's id beside it. The id of the receiving process is
 * signed too, though it is not sent: so an intercepted request is valid nowhere else, for {@link MAX_AGE_SECONDS} at
 * most, and only once. The caller's `claims` are trusted, so these keys are worth every account.
 */
import { createHmac, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../clock.ts';
import type { NonceStore } from '../cluster/nonces.ts';
import type { Client } from '../graphql/context.ts';
import { Actor, type ActorClaims } from '../identity/actor.ts';
import { derivedKeys } from '../secrets/derived-keys.ts';
import type { KeyRing } from '../secrets/key-ring.ts';

/** Largest age of a request, or lead ahead of our clock. */
export const MAX_AGE_SECONDS = 60;

/** Reason of a refusal. */
export type RefusalReason = 'UNSIGNED' | 'OLD' | 'UNKNOWN_KEY' | 'ALTERED' | 'REPLAYED';

/** A request to be signed and sent. */
export interface OutgoingRequest {
  method: string;
  /** The path with its query. */
  path: string;
  body: Buffer;
  /** UUID of the receiving process's run. */
  to: string;
  actor: Actor;
  correlationId: string;
  client?: Client;
  mayLag?: boolean;
}

/** Content of a verified request. */
export interface VerifiedRequest {
  /** The sender: `gateway`, or the name of a process of agents. */
  sender: string;
  actor: Actor;
  correlationId: string;
  client?: Client;
  mayLag?: boolean;
}

/** A request was refused by its signature. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason) {
    super(`The request was refused: ${reason}.`);
    this.reason = reason;
  }
}

/** Signs the requests of one process. */
export interface RequestSigner {
  /** Returns the headers of the signed request. */
  sign(request: OutgoingRequest): Record<string, string>;
}

/** Verifies the requests to one process. */
export interface RequestVerifier {
  /** @throws RequestRefused */
  verify(request: {
    method: string;
    path: string;
    headers: IncomingHttpHeaders;
    body: Buffer;
  }): Promise<VerifiedRequest>;
}

/** The sender's name of gateways, whose requests were checked by their gate. Other senders are processes of agents. */
export const GATEWAY = 'gateway';

const PURPOSE = 'agora.requests';

/** Creates a signer with the first key of the ring. */
export function requestSigner(ring: KeyRing, sender: string, clock: Clock): RequestSigner {
  const [{ id: keyId }] = ring;
  const key = derivedKeys(ring, PURPOSE)(keyId, sender)!;
  return {
    sign({ method, path, body, to, actor, correlationId, client, mayLag }) {
      const headers = {
        'x-correlation-id': correlationId,
        'x-agora-sender': sender,
        'x-agora-key': keyId,
        'x-agora-time': String(clock.now().getTime()),
        'x-agora-nonce': randomBytes(16).toString('base64url'),
        'x-agora-claims': Buffer.from(JSON.stringify({ ...actor.claims(), client, mayLag })).toString('base64url'),
      };
      return { ...headers, 'x-agora-signature': macOf(key, method, path, to, headers, body).toString('base64url') };
    },
  };
}

/**
 * Creates a verifier with all keys of the ring. Nonces of one process suffice, since a request is valid for one
 * process.
 * @param process UUID of this run of the process: requests to others are refused
 */
export function requestVerifier(ring: KeyRing, process: string, clock: Clock, once: NonceStore): RequestVerifier {
  const keyOf = derivedKeys(ring, PURPOSE);
  return {
    async verify({ method, path, headers: given, body }) {
      const headers = signedHeaders(given);
      const signature = given['x-agora-signature'];
      if (!headers || typeof signature !== 'string') throw new RequestRefused('UNSIGNED');
      const age = Math.abs(clock.now().getTime() - Number(headers['x-agora-time']));
      // Written so that NaN counts as too old.
      if (!(age <= MAX_AGE_SECONDS * 1000)) throw new RequestRefused('OLD');
      const sender = headers['x-agora-sender'];
      const key = keyOf(headers['x-agora-key'], sender);
      if (!key) throw new RequestRefused('UNKNOWN_KEY');
      if (!isSame(Buffer.from(signature, 'base64url'), macOf(key, method, path, process, headers, body)))
        throw new RequestRefused('ALTERED');
      // A request ahead of our clock stays valid until it is too old, so for twice as long.
      if (!(await once.first(`${sender} ${headers['x-agora-nonce']}`, 2 * MAX_AGE_SECONDS)))
        throw new RequestRefused('REPLAYED');
      const claims = JSON.parse(Buffer.from(headers['x-agora-claims'], 'base64url').toString()) as ActorClaims & {
        client?: Client;
        mayLag?: boolean;
      };
      const { client, mayLag } = claims;
      return { sender, actor: new Actor(claims), correlationId: headers['x-correlation-id'], client, mayLag };
    },
  };
}

const SIGNED = [
  'x-correlation-id',
  'x-agora-sender',
  'x-agora-key',
  'x-agora-time',
  'x-agora-nonce',
  'x-agora-claims',
] as const;

type SignedHeaders = Record<(typeof SIGNED)[number], string>;

function signedHeaders(given: IncomingHttpHeaders): SignedHeaders | undefined {
  const entries = SIGNED.map((name) => [name, given[name]] as const);
  return entries.every(([, value]) => typeof value === 'string' && value !== '')
    ? (Object.fromEntries(entries) as SignedHeaders)
    : undefined;
}

/** The HMAC of a request, whose parts are lines of their own without line breaks, so that no two requests collide. */
function macOf(key: KeyObject, method: string, path: string, to: string, headers: SignedHeaders, body: Buffer): Buffer {
  const head = ['agora request 1', method, path, to, ...SIGNED.map((name) => headers[name])].join('\n');
  return createHmac('sha256', key).update(`${head}\n\n`).update(body).digest();
}

const isSame = (given: Buffer, ours: Buffer): boolean => given.length === ours.length && timingSafeEqual(given, ours);
