import type { Kysely } from 'kysely';
import { raw } from '../../platform/data/raw.ts';

/**
 * Drops row-level security (db/confine.ts), before any read: so that a mistake in an `access.ts` shows, which would
 * stay hidden behind it.
 */
export async function withoutRowSecurity(kysely: Kysely<any>): Promise<void> {
  const { rows } = await raw<{ statement: string }>(
    kysely,
    `select format('drop policy %I on %I.%I', policyname, schemaname, tablename) as statement from pg_policies
      where starts_with(policyname, 'agora reader ')`,
  );
  if (rows.length === 0) throw new Error('There are no policies: has their name changed?');
  for (const { statement } of rows) await raw(kysely, statement);
}
