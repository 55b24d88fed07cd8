import type { Duty } from '../../../platform/agent/define-agent.ts';
import type { Ground } from '../../../platform/agent/ground.ts';
import type { Tables } from '../entities.ts';
import { FORGET_MS } from '../sign-in/backoff.ts';

const CHUNK = 1000;
/** How long one can still see that there was a session, and why it ended. */
const KEEP_SESSIONS_MS = 30 * 86_400_000;

/** Deletes refresh tokens that can no longer be used, sessions long over, and failed attempts of long ago. In chunks, each a short transaction. */
export const forgetExpired = ({ store, clock }: Pick<Ground<Tables>, 'store' | 'clock'>): Duty => ({
  name: 'forget-expired',
  everySeconds: 600,
  async run(signal) {
    const now = clock.now();
    const forgotten = new Date(now.getTime() - FORGET_MS);
    const longOver = new Date(now.getTime() - KEEP_SESSIONS_MS);
    await inChunks(signal, () =>
      store.write({ locks: [], origin: {} }, async ({ sql }) => {
        const expired = sql.selectFrom('refresh_token').select('hash').where('expires_at', '<', now).limit(CHUNK);
        return (await sql.deleteFrom('refresh_token').where('hash', 'in', expired).executeTakeFirst()).numDeletedRows;
      }),
    );
    await inChunks(signal, () =>
      store.write({ locks: [], origin: {} }, async ({ sql }) => {
        const expired = sql.selectFrom('recovery_token').select('id').where('expires_at', '<', now).limit(CHUNK);
        return (await sql.deleteFrom('recovery_token').where('id', 'in', expired).executeTakeFirst()).numDeletedRows;
      }),
    );
    await inChunks(signal, () =>
      store.write({ locks: [], origin: {} }, async ({ sql }) => {
        const old = sql.selectFrom('sign_in_attempts').select('key').where('last_at', '<', forgotten).limit(CHUNK);
        return (await sql.deleteFrom('sign_in_attempts').where('key', 'in', old).executeTakeFirst()).numDeletedRows;
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
