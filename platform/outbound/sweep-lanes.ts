import type { AgentContext } from '../agent/agent-context.ts';
import { inChunks } from '../data/in-chunks.ts';
import type { OutboundSql } from './outbound-sql.ts';

/** Lanes deleted in one transaction. */
const CHUNK = 1000;

/** Deletes the lanes of disabled endpoints whose deliveries are gone. */
export async function sweepLanes(
  { store, sql }: Pick<AgentContext, 'store'> & { sql: OutboundSql },
  signal: AbortSignal,
): Promise<void> {
  await inChunks(CHUNK, signal, (size) =>
    store.write({ locks: [], origin: {} }, (work) => sql.sweepLanes(work.sql, size)),
  );
}
