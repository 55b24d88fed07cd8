/**
 * Identifiers: TypeIDs (https://github.com/jetify-com/typeid), a type prefix and a UUIDv7 in base 32:
 * `order_01h455vb4pex5vsknk084sn02q`. The same text in the database, the federation key and the event log; sorted by
 * time, so that a primary key's index grows at its end.
 */
import { createHash } from 'node:crypto';
import { fromString, fromUUIDBytes, parseTypeId, toUUID, typeidUnboxed } from 'typeid-js';

/** A new identifier with this prefix (lower-case letters and underscores). */
export const newId = (prefix: string): string => typeidUnboxed(prefix);

/** The prefix of an identifier, or undefined if the text is not a TypeID. */
export function prefixOf(id: string): string | undefined {
  try {
    return parseTypeId(fromString(id)).prefix || undefined;
  } catch {
    return undefined;
  }
}

/** Whether the text is a TypeID with this prefix. Check before a lookup: a wrong kind of id is the caller's mistake. */
export const isId = (id: string, prefix: string): boolean => prefixOf(id) === prefix;

/** A new UUIDv7 in its usual notation, for events. */
export const newUuid = (): string => uuidOf(typeidUnboxed('uuid'));

/** The UUID inside a TypeID. */
export const uuidOf = (id: string): string => toUUID(fromString(id));

/**
 * An identifier that is the same on every machine: the time part grows with `n`, the rest is a digest of prefix and
 * number. For demo data, where one room must know the ids of another without asking.
 */
export function deterministicId(prefix: string, n: number): string {
  const bytes = createHash('sha256').update(`${prefix}:${n}`).digest().subarray(0, 16);
  bytes.writeUIntBE(DEMO_EPOCH + n, 0, 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return fromUUIDBytes(prefix, bytes);
}

const DEMO_EPOCH = Date.UTC(2025, 0, 1);
