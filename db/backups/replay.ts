/** What a server has said about a replay of an archive's log, in words for the operator. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../platform/errors.ts';
import { WAL } from '../archive.ts';

/** A replay, by the server's log of it. */
export interface Replay {
  /** The time of the last transaction that was replayed, in PostgreSQL's words. */
  lastTransaction?: string;
  /** The fault of a replay that did not come to its end; without a better one the given error. */
  explain(archive: string, to: string | undefined, error: unknown): unknown;
  /** @throws {Fault} `WAL_MISSING` if it ended at a gap, and not at the archive's end */
  requireEnd(archive: string): void;
}

/** Reads the server's log of a replay. */
export function replayOf(serverLog: string): Replay {
  const said = existsSync(serverLog) ? readFileSync(serverLog, 'utf8') : '';
  const lastTransaction = last(said, /last completed transaction was at log time (.+)$/gm);
  // deploy/postgres/restore-wal.sh says these.
  const missing = last(said, /^not in the archive: ([0-9A-F]{24})$/gm);
  const unreadable = last(said, /^cannot be read: (.+)$/gm);
  const until = lastTransaction
    ? ` Before it, the last transaction is of ${lastTransaction}: restore to that, or earlier.`
    : '';

  const gap = (archive: string): Fault | undefined => {
    const next = missing && segmentsIn(archive).find((segment) => segment > missing);
    return next
      ? new Fault(
          'WAL_MISSING',
          `${join(archive, WAL, `${missing}.gz`)} is missing, and later segments are there.${until}`,
        )
      : undefined;
  };
  return {
    ...(lastTransaction && { lastTransaction }),
    explain(archive, to, error) {
      if (unreadable)
        return new Fault('WAL_BROKEN', `${unreadable} is broken, or may not be read by PostgreSQL’s user.${until}`);
      if (!/recovery ended before configured recovery target was reached/.test(said)) return error;
      return (
        gap(archive) ??
        new Fault(
          'BEYOND_THE_ARCHIVE',
          `The archive does not reach to ${to}${lastTransaction ? `: its last transaction is of ${lastTransaction}` : ''}. ` +
            'Restore without --to, which goes to its end, or to an earlier time.',
        )
      );
    },
    requireEnd(archive) {
      const fault = gap(archive);
      if (fault) throw fault;
    },
  };
}

const segmentsIn = (archive: string): string[] =>
  readdirSync(join(archive, WAL))
    .filter((name) => /^[0-9A-F]{24}\.gz$/.test(name))
    .map((name) => name.slice(0, 24))
    .toSorted();

const last = (text: string, pattern: RegExp): string | undefined => [...text.matchAll(pattern)].at(-1)?.[1];
