import type { DeleteResult, UpdateResult } from 'kysely';

/** A deletion, or an update that deletes a part of its rows. */
interface Deletion {
  executeTakeFirstOrThrow(): Promise<DeleteResult | UpdateResult>;
}

/**
 * Works off rows in chunks, each a short transaction, until a chunk is not full or the signal aborts. A transaction of
 * all rows would be cut off by its timeout, and would hold back the readers of the log meanwhile.
 * @param work takes at most so many rows, and returns how many it took
 * @returns the number of all rows
 */
export async function inChunks(
  size: number,
  signal: AbortSignal,
  work: (size: number) => Promise<number>,
): Promise<number> {
  let all = 0;
  for (let taken = size; taken >= size && !signal.aborted; all += taken) taken = await work(size);
  return all;
}

/**
 * Deletes rows in chunks, as {@link inChunks} does. A deletion of rows that a subquery picks says their condition again on the
 * rows themselves if another transaction can change it: of a row that was locked PostgreSQL looks at that alone anew.
 * @param deletion deletes at most so many rows
 */
export const deleteInChunks = (
  size: number,
  signal: AbortSignal,
  deletion: (size: number) => Deletion,
): Promise<number> =>
  inChunks(size, signal, async (limit) => numberOf(await deletion(limit).executeTakeFirstOrThrow()));

/** The number of rows that a deletion has taken. */
export const numberOf = (result: DeleteResult | UpdateResult): number =>
  Number('numDeletedRows' in result ? result.numDeletedRows : result.numUpdatedRows);
