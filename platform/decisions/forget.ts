import type { Kysely } from 'kysely';
import { deleteInChunks } from '../data/in-chunks.ts';
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
  const old = db.selectFrom('decision').select('id').where('decidedAt', '<', before).orderBy('decidedAt').orderBy('id');
  await deleteInChunks(CHUNK, signal, (limit) => db.deleteFrom('decision').where('id', 'in', old.limit(limit)));
}
