import { sql, type SqlBool } from 'kysely';
import type { ScheduledJob } from '../../../platform/agent/define-agent.ts';
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { Tables } from '../entities.ts';
import { sealedFor } from './proof.ts';

const CHUNK = 100;

/**
 * Reseals secrets of older keys after `npm run secrets:rotate`: second factors are stored for years, and the old key
 * must go one day. A secret that does not open is logged and stays as it is: its key may come back.
 */
export const resealSecondFactors = ({
  store,
  secrets,
  log,
}: Pick<AgentContext<Tables>, 'store' | 'secrets' | 'log'>): ScheduledJob => {
  const stale = (after: string) =>
    store.read
      .selectFrom('second_factor')
      .select(['userId', 'secret'])
      .where(sql<SqlBool>`not starts_with(secret, ${secrets.prefix})`)
      .where('userId', '>', after)
      .orderBy('userId')
      .limit(CHUNK)
      .execute();

  const reseal = async (userId: string, old: string): Promise<boolean> => {
    try {
      const secret = secrets.reseal(old, sealedFor(userId));
      await store.write({ locks: [userId], origin: {} }, (work) =>
        // Does not overwrite a factor that was enrolled meanwhile.
        work.sql
          .updateTable('second_factor')
          .set({ secret })
          .where('userId', '=', userId)
          .where('secret', '=', old)
          .execute(),
      );
      return true;
    } catch (err) {
      log.error({ err, userId }, 'a second factor does not open: its key is not among ours');
      return false;
    }
  };

  return {
    name: 'reseal-second-factors',
    everySeconds: 60,
    async run(signal) {
      let [after, count] = ['', 0];
      for (let rows = await stale(after); rows.length > 0 && !signal.aborted; rows = await stale(after)) {
        for (const { userId, secret } of rows) if (await reseal(userId, secret)) count += 1;
        after = rows.at(-1)!.userId;
      }
      if (count) log.info({ count }, 'second factors were sealed anew with the newest key');
    },
  };
};
