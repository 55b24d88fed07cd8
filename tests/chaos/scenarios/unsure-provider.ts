import { setTimeout as sleep } from 'node:timers/promises';
import { buyer } from '../buyers.ts';
import { onProcess } from '../process-run.ts';
import type { Scenario } from '../scenario.ts';
import { settle } from '../settle.ts';

const TOKENS = ['tok_timeout', 'tok_capture_timeout', 'tok_slow', 'tok_ok', 'tok_capture_fails', 'tok_declined'];

export const unsureProvider: Scenario = {
  name: 'unsure-provider',
  does: 'A provider that does what it is asked and never says so, or says so late; and a `kill -9` amid that.',
  long: { orders: 1000, faults: 20 },
  short: { orders: 30, faults: 1 },

  run: ({ orders, faults, draw, history, say }) =>
    onProcess({ PAYMENT_TIMEOUT_MS: '500' }, async ({ shop, variantId }) => {
      const answers: Promise<unknown>[] = [];
      for (let fault = 0; fault < faults; fault++) {
        const due = Math.round(((fault + 1) * orders) / faults) - Math.round((fault * orders) / faults);
        for (let n = 0; n < due; n++)
          answers.push(buyer(shop, history, { token: draw.oneOf(TOKENS), variantId }).insist());
        await sleep(draw.between(300, 3000));
        await shop.kill();
        await shop.restart();
        if (fault % 10 === 9) say(`${fault + 1} kills, ${JSON.stringify(history.counts())}`);
      }
      await Promise.all(answers);
      const settled = await settle(shop.kysely, history.entries);
      return { ...settled, faults: `every second payment unanswered or late, ${faults} kills` };
    }),
};
