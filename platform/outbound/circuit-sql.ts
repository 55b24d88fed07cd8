/** The statements that count what an endpoint's attempts came to: its circuit, and since when it fails. */
import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';

/** The statements on tables whose names in SQL `table` gives. */
export const circuitSql = (table: (name: string) => string) => ({
  /** Closes an endpoint's circuit after a success. False if it was in order. */
  async succeeded(db: Kysely<any>, endpointId: string): Promise<boolean> {
    const { count } = await raw(
      db,
      `update ${table('endpoint')} set failures = 0, failing_since = null, resumes_at = null
        where id = $1 and (failing_since is not null or resumes_at is not null)`,
      [endpointId],
    );
    return count > 0;
  },

  /**
   * Counts a failure of an endpoint, and opens its circuit after some in a row. Failures of attempts that were under way
   * when it opened are not counted. Returns since when nothing has succeeded.
   */
  async failed(
    db: Kysely<any>,
    endpointId: string,
    {
      now,
      isProbe,
      circuit,
      chance,
      pausesUntil,
    }: {
      now: Date;
      isProbe: boolean;
      circuit: { failures: number; firstMs: number; mostMs: number };
      /** A factor of the time that the circuit is open. */
      chance: number;
      /** The end of a pause that the receiver asked for: then no failure is counted. */
      pausesUntil: Date | null;
    },
  ): Promise<Date | undefined> {
    const { rows } = await raw<{ failingSince: Date }>(
      db,
      `update ${table('endpoint')} set
         failing_since = coalesce(failing_since, $2),
         failures = case when $8::timestamptz is not null or (resumes_at > $2 and not $3) then failures
                         else failures + 1 end,
         resumes_at = case
           when $8::timestamptz is not null then case when $3 then $8 else greatest(resumes_at, $8) end
           when resumes_at > $2 and not $3 then resumes_at
           when failures + 1 < $4 then null
           else $2::timestamptz
              + least($6::float8, $5::float8 * power(2, least(failures + 1 - $4, 20))) * $7::float8 * interval '1 ms'
           end
        where id = $1 returning failing_since as "failingSince"`,
      [endpointId, now, isProbe, circuit.failures, circuit.firstMs, circuit.mostMs, chance, pausesUntil],
    );
    return rows[0]?.failingSince;
  },

  /** Whether an attempt that did not succeed was made for an endpoint between two times. */
  async hasFailed(db: Kysely<any>, endpointId: string, { from, to }: { from: Date; to: Date }): Promise<boolean> {
    const { count } = await raw(
      db,
      `select from ${table('attempt')} a join ${table('delivery')} d on d.id = a.delivery_id
        where d.endpoint_id = $1 and d.status <> 'DELIVERED' and a.at between $2 and $3 limit 1`,
      [endpointId, from, to],
    );
    return count > 0;
  },
});
