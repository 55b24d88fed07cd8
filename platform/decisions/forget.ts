import type { Kysely } from 'kysely';
import type { DecisionTables } from './decision-entity.ts';

/** Decisions deleted by one statement, which takes well below the time that a transaction may take. */
const CHUNK = 1000;

/** Options for forgetting. */
export interface ForgetOptions {
  now: Date;
  /** Retention in days. */
  keptDays: number;
  signal: AbortSignal;
}

/** Deletes decisions that are older than they are kept, with their outcomes, in chunks. */
export async function forgetOldDecisions(
  db: Kysely<DecisionTables>,
  { now, keptDays, signal }: ForgetOptions,
): Promise<void> {
  const before = new Date(now.getTime() - keptDays * 86_400_000);
  for (let gone = CHUNK; gone === CHUNK && !signal.aborted; ) {
    const old = db
      .selectFrom('decision')
      .select('id')
      .where('decidedAt', '<', before)
      .orderBy('decidedAt')
      .orderBy('id')
      .limit(CHUNK);
    const { numDeletedRows } = await db.deleteFrom('decision').where('id', 'in', old).executeTakeFirstOrThrow();
    gone = Number(numDeletedRows);
  }
}
