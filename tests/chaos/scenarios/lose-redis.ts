import { setTimeout as sleep } from 'node:timers/promises';
import { buyer } from '../buyers.ts';
import { follow } from '../follow.ts';
import { onCluster } from '../on-cluster.ts';
import type { Scenario } from '../scenario.ts';
import { settle } from '../settle.ts';

const TOKENS = ['tok_ok', 'tok_ok', 'tok_ok', 'tok_declined', 'tok_capture_fails'];
/** How long orders go on before and after, in milliseconds. */
const AROUND_MS = 2000;

export const loseRedis: Scenario = {
  name: 'lose-redis',
  does: '`kill -9` of Redis, away for a minute (in the short form for five seconds), under many processes that take orders.',
  long: { orders: 300, faults: 1 },
  short: { orders: 30, faults: 1 },

  run: ({ orders, faults, draw, history, say }) =>
    onCluster({}, async ({ shop, variantId }) => {
      const { redis } = shop.cluster;
      if (!redis) throw new Error('There is no redis-server on this machine: apt-get install redis-server.');
      const awayMs = orders < 100 ? 5000 : 60_000;
      const follower = await follow(shop);
      for (let fault = 0; fault < faults; fault++) {
        const due = Math.round(orders / faults);
        const every = (awayMs + 2 * AROUND_MS) / due;
        const answers = Array.from({ length: due }, (_, n) => {
          const wish = { token: draw.oneOf(TOKENS), variantId };
          return sleep(n * every).then(() => buyer(shop, history, wish).insist());
        });
        await sleep(AROUND_MS);
        await redis.signal('SIGKILL');
        await sleep(awayMs);
        await redis.restart();
        await Promise.all(answers);
        say(`${fault + 1} losses, ${JSON.stringify(history.counts())}`);
      }
      const settled = await settle(shop.kysely, history.entries);
      const { failed, unanswered } = history.counts();
      const failures = failed + unanswered > 0 ? [`${failed} mutations failed, ${unanswered} had no answer`] : [];
      return {
        ...settled,
        violations: [...failures, ...settled.violations, ...(await follower.end())],
        faults: `${faults} loss of Redis for ${awayMs / 1000} s`,
        notes: `a follower of all orders was cut off ${follower.cuts} times`,
      };
    }),
};
