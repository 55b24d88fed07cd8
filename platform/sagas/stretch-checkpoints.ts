import type { Pool } from 'pg';

/** The name under which the engine keeps a stretch. Part of stored sagas, so never changed. */
export const STRETCH = '(steps)';

/** Whether the nth stretch of a saga, from zero, is checkpointed already. */
export async function isStretchKept(pool: Pool, saga: string, n: number): Promise<boolean> {
  const { rows } = await pool.query<{ is: boolean }>(
    'select count(*) > $3 as is from dbos.operation_outputs where workflow_uuid = $1 and function_name = $2',
    [saga, STRETCH, n],
  );
  return rows[0]!.is;
}
