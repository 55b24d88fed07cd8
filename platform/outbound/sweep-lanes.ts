import type { AgentContext } from '../agent/agent-context.ts';
import type { OutboundSql } from './outbound-sql.ts';

/** Lanes deleted in one transaction. */
const CHUNK = 1000;

/** Deletes the lanes of disabled endpoints whose deliveries are gone. */
export async function sweepLanes(
  { store, sql }: Pick<AgentContext, 'store'> & { sql: OutboundSql },
  signal: AbortSignal,
): Promise<void> {
  const sweep = () => store.write({ locks: [], origin: {} }, (work) => sql.sweepLanes(work.sql, CHUNK));
  while (!signal.aborted && (await sweep()) === CHUNK);
}
