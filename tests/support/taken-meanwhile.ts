/**
 * Races for a unique value that another transaction takes while a request checks it: free when it is checked, and taken
 * when it is written.
 */
import type { Kysely, Transaction } from 'kysely';
import { raw } from '../../platform/data/raw.ts';
import { untilAnswer } from './until.ts';

/** A session that waits for another transaction which has written the same value. */
const BLOCKED = `select pid from pg_stat_activity where datname = current_database() and wait_event = 'transactionid'`;

/** The answer of a request that waits for a transaction which takes a value, and which then commits. */
export async function takenMeanwhile<T>(
  kysely: Kysely<any>,
  take: (transaction: Transaction<any>) => Promise<unknown>,
  request: () => Promise<T>,
): Promise<T> {
  const answer = await kysely.transaction().execute(async (transaction) => {
    await take(transaction);
    const asked = request();
    await untilAnswer(
      async () => (await raw(kysely, BLOCKED)).rows.length,
      (blocked) => blocked > 0,
      'the request does not come to write what is taken',
    );
    return { asked };
  });
  return answer.asked;
}
