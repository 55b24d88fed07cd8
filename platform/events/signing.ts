/**
 * Signatures of events: HMAC-SHA256 over the envelope, with a key of the sender's own that is derived from the master
 * key, and the master key's id beside it. So an event that was forged or changed in the table is not handled. Columns
 * set by the database (position and time of the append) are not signed. The key is symmetric, so a verifier could sign
 * too: between agents that do not trust each other this is no proof.
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { derivedKeys } from '../secrets/derived-keys.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import type { Envelope, LoggedEvent } from './event-log.ts';

/** The signature of an event. */
export interface Signature {
  /** Id of the master key from which the sender's is derived. */
  keyId: string;
  /** Base64url. */
  signature: string;
}

/** Signs and checks events. */
export interface EventSigner {
  sign(event: Envelope): Signature;
  /** Whether its sender signed exactly this event, with a key of the ring. */
  verify(event: LoggedEvent): boolean;
}

/** Creates a signer that signs with the first key of the ring and verifies with all. */
export function eventSigner(ring: KeyRing): EventSigner {
  const keyOf = derivedKeys(ring, 'agora.events');
  const macOf = (key: KeyObject, event: Envelope | LoggedEvent): Buffer =>
    createHmac('sha256', key).update(canonical(event)).digest();
  const [{ id: keyId }] = ring;

  return {
    sign: (event) => ({ keyId, signature: macOf(keyOf(keyId, event.source)!, event).toString('base64url') }),
    verify: (event) => {
      const key = event.keyId && event.signature ? keyOf(event.keyId, event.source) : undefined;
      if (!key) return false;
      const given = Buffer.from(event.signature!, 'base64url');
      const ours = macOf(key, event);
      return given.length === ours.length && timingSafeEqual(given, ours);
    },
  };
}

/**
 * The signed bytes: canonical JSON with sorted fields, in the manner of RFC 8785, so that they are the same before the
 * append and after a read, though jsonb keeps no order of fields.
 */
const canonical = (event: Envelope | LoggedEvent): string =>
  json([
    event.id,
    event.type,
    event.source,
    event.aggregateType,
    event.aggregateId,
    event.aggregateVersion,
    event.correlationId ?? null,
    event.causationId ?? null,
    event.payload,
  ]);

/** Canonical JSON, written by hand because `JSON.stringify` sorts only with a replacer, which takes five times as long. */
function json(value: unknown): string {
  if (typeof value === 'bigint') return `"${value}"`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(json).join(',')}]`;
  if (value instanceof Date) return JSON.stringify(value);
  const fields = value as Record<string, unknown>;
  let text = '';
  for (const name of Object.keys(fields).sort()) {
    if (fields[name] === undefined) continue;
    text += `${text ? ',' : ''}${JSON.stringify(name)}:${json(fields[name])}`;
  }
  return `{${text}}`;
}
