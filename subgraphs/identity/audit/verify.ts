import { BEGINNING, type Head, misfit } from './chain.ts';
import type { AuditEntryRow } from './entities.ts';

/** Reads the log to verify: entries after a position in order, up to a limit, and the head that the log itself has. */
export interface AuditReader {
  after(position: bigint, limit: number): Promise<readonly AuditEntryRow[]>;
  head(): Promise<Head | undefined>;
}

/** The result: the head of the whole log, or the first entry that does not fit. */
export type Verification = { isWhole: true; head: Head } | { isWhole: false; misfit: string };

const PAGE = 1000;

/**
 * Verifies the whole chain. Entries may be appended meanwhile.
 * @param noted a head that was noted earlier, outside of the database: it must still be in the chain. Only this reveals
 * that the whole chain was rewritten, or its end cut off together with the head.
 */
export async function verifyChain(reader: AuditReader, noted?: Head): Promise<Verification> {
  const end = await reader.head();
  if (!end) return { isWhole: false, misfit: 'the end of the log is not there' };
  let before = BEGINNING;
  while (before.position < end.position) {
    const rows = await reader.after(before.position, PAGE);
    for (const row of rows) {
      const why = misfit(row, before) ?? contradiction(row, noted) ?? contradiction(row, end);
      if (why) return { isWhole: false, misfit: why };
      before = row;
      if (before.position === end.position) break;
    }
    if (rows.length === 0) return { isWhole: false, misfit: `entry ${before.position + 1n} is missing` };
  }
  if (noted && noted.position > end.position)
    return { isWhole: false, misfit: `entry ${end.position + 1n} is missing` };
  return { isWhole: true, head: { position: end.position, hash: end.hash } };
}

const contradiction = (row: AuditEntryRow, known: Head | undefined): string | undefined =>
  known && row.position === known.position && row.hash !== known.hash
    ? `entry ${row.position} is not the one that was there`
    : undefined;
