/** What somebody else takes while a request looks for it: not there yet when it is looked for, and there when it is written. */
import type { Kysely, Transaction } from 'kysely';
import { raw } from '../../platform/data/raw.ts';
import { untilAnswer } from './until.ts';

/** Waits for a transaction of somebody else that has written what this one writes too. */
const BLOCKED = `select pid from pg_stat_activity where datname = current_database() and wait_event = 'transactionid'`;

/** The answer of a request that waits for a transaction which takes something, and which then commits. */
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
