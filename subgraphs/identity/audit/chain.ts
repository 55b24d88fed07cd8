/** The chain of the audit log: each entry's hash is over the one before it and all that it says itself. Pure. */
import { createHash } from 'node:crypto';

/** An entry as it is kept. */
export interface AuditRow {
  position: bigint;
  id: string;
  at: Date;
  action: string;
  actor_id: string;
  user_id: string | null;
  object_id: string | null;
  address: string | null;
  correlation_id: string;
  details: string;
  previous_hash: string;
  hash: string;
}

/** The end of a chain. */
export interface Head {
  position: bigint;
  hash: string;
}

/** Before the first entry. */
export const BEGINNING: Head = { position: 0n, hash: '0'.repeat(64) };

/** SHA-256 over the previous hash, a line break, and the values in this order as a JSON array. */
export function hashOfEntry(row: Omit<AuditRow, 'hash'>): string {
  const { position, id, at, action, actor_id, user_id, object_id, address, correlation_id, details } = row;
  const said = [String(position), id, at.toISOString(), action, actor_id, user_id, object_id, address, correlation_id];
  return createHash('sha256')
    .update(`${row.previous_hash}\n${JSON.stringify([...said, details])}`)
    .digest('hex');
}

/** Why an entry does not follow the one before, if so. */
export function misfit(row: AuditRow, before: Head): string | undefined {
  const expected = before.position + 1n;
  if (row.position !== expected) return `entry ${expected} is missing`;
  if (row.previous_hash !== before.hash) return `entry ${row.position} does not follow the one before it`;
  if (row.hash !== hashOfEntry(row)) return `entry ${row.position} was changed`;
  return undefined;
}
