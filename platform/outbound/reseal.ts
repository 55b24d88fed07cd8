import { sql, type SqlBool } from 'kysely';
import type { AgentContext } from '../agent/agent-context.ts';
import type { OutboundTables } from './entities.ts';
import { sealedFor } from './secrets.ts';

const CHUNK = 100;

/**
 * Reseals the secrets of endpoints that older keys sealed, after `npm run secrets:rotate`. One that does not open is
 * logged and stays as it is: its key may come back. A previous one whose time is over is forgotten.
 */
export async function resealEndpoints(
  { store, clock, secrets, log }: Pick<AgentContext, 'store' | 'clock' | 'secrets' | 'log'>,
  signal: AbortSignal,
): Promise<void> {
  const db = store.read.withTables<OutboundTables>();
  for (let after = ''; !signal.aborted; ) {
    const rows = await db
      .selectFrom('outbound_endpoint')
      .select(['id', 'secret', 'previousSecret', 'previousUntil'])
      .where('id', '>', after)
      .where(
        sql<SqlBool>`not (starts_with(secret, ${secrets.prefix}) and coalesce(starts_with(previous_secret, ${secrets.prefix}), true))`,
      )
      .orderBy('id')
      .limit(CHUNK)
      .execute();
    for (const { id, secret, previousSecret, previousUntil } of rows) {
      const anew = (sealed: string): string => {
        try {
          return secrets.reseal(sealed, sealedFor(id));
        } catch (err) {
          log.error({ err, endpoint: id }, 'a secret of an endpoint does not open: its key is not among ours');
          return sealed;
        }
      };
      const signs = previousSecret !== null && previousUntil !== null && previousUntil > clock.now();
      await db
        .updateTable('outbound_endpoint')
        .set({ secret: anew(secret), previousSecret: signs ? anew(previousSecret) : null })
        .where('id', '=', id)
        // Not over secrets that a rotation has made meanwhile.
        .where('secret', '=', secret)
        .execute();
    }
    if (rows.length < CHUNK) return;
    after = rows.at(-1)!.id;
  }
}
