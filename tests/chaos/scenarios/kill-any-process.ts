import { setTimeout as sleep } from 'node:timers/promises';
import { buyer } from '../buyers.ts';
import { follow } from '../follow.ts';
import { onCluster } from '../on-cluster.ts';
import type { Scenario } from '../scenario.ts';
import { settle } from '../settle.ts';

const TOKENS = ['tok_ok', 'tok_ok', 'tok_ok', 'tok_declined', 'tok_capture_fails', 'tok_slow'];
/** Pause between two kills, in milliseconds: some meet a process that is still starting. */
const [SOONEST_MS, LATEST_MS] = [300, 4000];

export const killAnyProcess: Scenario = {
  name: 'kill-any-process',
  does: '`kill -9` of any of many processes, agents, saga workers and gateways, while buyers order over two gateways.',
  long: { orders: 1000, faults: 100 },
  short: { orders: 30, faults: 5 },

  run: ({ orders, faults, draw, history, say }) =>
    onCluster({}, async ({ shop, variantId }) => {
      const { members } = shop.cluster;
      const follower = await follow(shop);
      let before: Promise<unknown>[] = [];
      let answers: Promise<unknown>[] = [];
      const kills = new Map<string, number>();
      for (let fault = 0; fault < faults; fault++) {
        const due = Math.round(((fault + 1) * orders) / faults) - Math.round((fault * orders) / faults);
        const pause = draw.between(SOONEST_MS, LATEST_MS);
        for (let n = 0; n < due; n++) {
          const wish = { token: draw.oneOf(TOKENS), variantId };
          answers.push(sleep((n * pause) / due).then(() => buyer(shop, history, wish).insist()));
        }
        await sleep(pause);
        const victim = draw.oneOf(members);
        await victim.kill();
        kills.set(victim.name, (kills.get(victim.name) ?? 0) + 1);
        // A kill may meet a process that comes back from the last one, but the machine must not only ever start
        // processes.
        await Promise.all(before);
        before = answers;
        answers = [];
        if (fault % 10 === 9) say(`${fault + 1} kills, ${JSON.stringify(history.counts())}`);
      }
      await Promise.all(members.map((one) => one.ready()));
      await Promise.all(before);
      const settled = await settle(shop.kysely, history.entries);
      return {
        ...settled,
        violations: [...settled.violations, ...(await follower.end())],
        faults: `${faults} kills`,
        notes: `${[...kills]
          .sort()
          .map(([name, n]) => `${name} ${n}`)
          .join(', ')}; a follower of all orders was cut off ${follower.cuts} times`,
      };
    }),
};
