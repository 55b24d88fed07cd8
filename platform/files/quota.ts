/** What the files of one owner may take in the store, so that no account fills the disk that all share. */
import { type Kysely, sql } from 'kysely';
import { type Refusal, refuse } from '../errors.ts';
import type { FileRow, FileTables } from './file-entity.ts';

/** The fewest bytes that a file counts: what the smallest one takes on a disk. So the number of files is bounded too. */
export const LEAST_BYTES = 4096;
const MEBIBYTE = 1_048_576;

/** A file that is to come. */
type NewFile = Pick<FileRow, 'ownerId' | 'createdBy' | 'bytes'>;

/** Whose quota a file counts against: its owner's, or that of the one who makes it for the house. */
const holderOf = ({ ownerId, createdBy }: NewFile): string => ownerId ?? createdBy;

/** The lock under which a quota is checked and taken, so that files that come at once see one another. */
export const quotaLock = (agent: string, file: NewFile): string => `files of ${agent}:${holderOf(file)}`;

/**
 * Checks that a file fits into its owner's quota, beside all that is stored and what unfinished uploads will take. Under
 * {@link quotaLock} the answer holds until the transaction ends.
 * @throws Refusal INVALID_STATE
 */
export async function checkQuota(
  tables: Kysely<FileTables>,
  file: NewFile,
  { now, mebibytes }: { now: Date; mebibytes: number },
): Promise<void> {
  const { taken, next } = await tables
    .selectFrom('file')
    .select([
      sql<number>`coalesce(sum(greatest(bytes, ${LEAST_BYTES})), 0)::float8`.as('taken'),
      sql<Date | null>`min(expires_at)`.as('next'),
    ])
    .where(sql`coalesce(owner_id, created_by)`, '=', holderOf(file))
    .where((eb) =>
      eb.or([
        eb('status', 'in', ['UNSCANNED', 'READY']),
        eb.and([eb('status', '=', 'AWAITED'), eb('expiresAt', '>', now)]),
      ]),
    )
    .executeTakeFirstOrThrow();
  if (taken + Math.max(file.bytes, LEAST_BYTES) > mebibytes * MEBIBYTE)
    throw full(file.bytes, { taken, next, mebibytes });
}

function full(
  bytes: number,
  { taken, next, mebibytes }: { taken: number; next: Date | null; mebibytes: number },
): Refusal {
  const there = `Your files, those among them that are announced, take ${inMebibytes(taken)} of ${mebibytes.toLocaleString('en')} MiB, and this one would take ${inMebibytes(bytes)} MiB more.`;
  const mend = next
    ? `Files go when they expire, the next at ${next.toISOString()}: send this one then, or have an operator allow more (FILES_QUOTA_MIB).`
    : 'Send it in smaller parts, or have an operator allow more (FILES_QUOTA_MIB).';
  return refuse('INVALID_STATE', `${there} ${mend}`, ['input', 'bytes']);
}

/** Rounded up, so that a little is not nothing. */
const inMebibytes = (bytes: number): string => (Math.ceil((bytes / MEBIBYTE) * 100) / 100).toLocaleString('en');
