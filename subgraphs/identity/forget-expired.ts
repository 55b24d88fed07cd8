import type { Duty } from '../../platform/agent/define-agent.ts';
import type { Ground } from '../../platform/agent/ground.ts';
import type { Tables } from './entities.ts';

const CHUNK = 1000;
/** How long one can still see that there was a session, and why it ended. */
const KEEP_SESSIONS_MS = 30 * 86_400_000;

/** Deletes refresh tokens that can no longer be used, and sessions long over. In chunks, each a short transaction. */
export const forgetExpired = ({ store, clock }: Pick<Ground<Tables>, 'store' | 'clock'>): Duty => ({
  name: 'forget-expired',
  everySeconds: 600,
  async run(signal) {
    const now = clock.now();
    const longOver = new Date(now.getTime() - KEEP_SESSIONS_MS);
    await inChunks(signal, () =>
      store.write({ locks: [], origin: {} }, async ({ sql }) => {
        const expired = sql.selectFrom('refresh_token').select('hash').where('expires_at', '<', now).limit(CHUNK);
        return (await sql.deleteFrom('refresh_token').where('hash', 'in', expired).executeTakeFirst()).numDeletedRows;
      }),
    );
    await inChunks(signal, () =>
      store.write({ locks: [], origin: {} }, async ({ sql }) => {
        const old = sql.selectFrom('session').select('id').where('expires_at', '<', longOver).limit(CHUNK);
        return (await sql.deleteFrom('session').where('id', 'in', old).executeTakeFirst()).numDeletedRows;
      }),
    );
  },
});

async function inChunks(signal: AbortSignal, remove: () => Promise<bigint>): Promise<void> {
  while (!signal.aborted && (await remove()) >= CHUNK);
}
