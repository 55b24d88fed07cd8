/** Operators' decisions about sagas. */
import type { Kysely } from 'kysely';
import type { Clock } from '../../../platform/clock.ts';
import type { Tables } from '../entities.ts';
import { actionsOf, unheard, verdict } from './steering-sql.ts';

export const steeringQueries = (db: Kysely<Tables>, clock: Clock) => ({
  actionsOf: (sagaIds: readonly string[]) => actionsOf(db, sagaIds),

  /** Steps of a saga that are to be skipped or undone, and the number of its next action. */
  async standing(sagaId: string): Promise<{ decided: string[]; next: number }> {
    const { decided, last } = await db
      .selectFrom('saga_action')
      .select(({ fn }) => [
        fn.agg<string[] | null>('array_agg', ['step']).filterWhere('action', '<>', 'RETRY').as('decided'),
        fn.max('number').as('last'),
      ])
      .where('sagaId', '=', sagaId)
      .executeTakeFirstOrThrow();
    return { decided: decided ?? [], next: (last ?? 0) + 1 };
  },

  verdict: (sagaId: string, step: string) => verdict(db, sagaId, step, clock.now()),

  unheard: () => unheard(db),
});

export type SteeringQueries = ReturnType<typeof steeringQueries>;
