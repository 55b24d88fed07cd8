/** The hash chain of the audit log: each entry's hash covers the previous hash and all its own values. Pure. */
import { createHash } from 'node:crypto';
import type { AuditEntryRow } from './entities.ts';

/** The end of a chain. */
export type Head = Pick<AuditEntryRow, 'position' | 'hash'>;

/** The head before the first entry. */
export const BEGINNING: Head = { position: 0n, hash: '0'.repeat(64) };

/** SHA-256 over the previous hash, a line break, and the values in this order as a JSON array. */
export function hashOfEntry(row: Omit<AuditEntryRow, 'hash'>): string {
  const { position, id, at, action, actorId, userId, objectId, address, correlationId, details } = row;
  const said = [String(position), id, at.toISOString(), action, actorId, userId, objectId, address, correlationId];
  return createHash('sha256')
    .update(`${row.previousHash}\n${JSON.stringify([...said, details])}`)
    .digest('hex');
}

/** The reason, if any, why an entry does not follow the one before. */
export function misfit(row: AuditEntryRow, before: Head): string | undefined {
  const expected = before.position + 1n;
  if (row.position !== expected) return `entry ${expected} is missing`;
  if (row.previousHash !== before.hash) return `entry ${row.position} does not follow the one before it`;
  if (row.hash !== hashOfEntry(row)) return `entry ${row.position} was changed`;
  return undefined;
}
