import { setTimeout as sleep } from 'node:timers/promises';
import { type Buyer, buyer } from '../buyers.ts';
import { onProcess } from '../process-run.ts';
import type { Scenario } from '../scenario.ts';
import { settle } from '../settle.ts';

const TOKENS = ['tok_ok', 'tok_ok', 'tok_ok', 'tok_declined', 'tok_capture_fails', 'tok_slow'];
/** Enough for a saga to begin, and for most to end. */
const LATEST_MS = 1500;

export const killTheServer: Scenario = {
  name: 'kill-the-server',
  does: '`kill -9` of the server at random moments while buyers order; the server is started again each time.',
  long: { orders: 1000, faults: 200 },
  short: { orders: 40, faults: 4 },

  run: ({ orders, faults, draw, history, say }) =>
    onProcess({ PAYMENT_TIMEOUT_MS: '500' }, async ({ shop, variantId }) => {
      const answers: Promise<unknown>[] = [];
      const unsure: Buyer[] = [];
      for (let fault = 0; fault < faults; fault++) {
        // Those whom the last fault left without an answer ask again, into the next one.
        for (const one of unsure.splice(0)) answers.push(ask(one));
        const due = Math.round(((fault + 1) * orders) / faults) - Math.round((fault * orders) / faults);
        for (let n = 0; n < due; n++) answers.push(ask(buyer(shop, history, { token: draw.oneOf(TOKENS), variantId })));
        await sleep(draw.between(0, LATEST_MS));
        await shop.kill();
        await Promise.all(answers.splice(0));
        await shop.restart();
        if (fault % 10 === 9) say(`${fault + 1} kills, ${JSON.stringify(history.counts())}`);
      }
      await Promise.all(unsure.map((one) => one.insist()));
      return { ...(await settle(shop.kysely, history.entries)), faults: `${faults} kills` };

      async function ask(one: Buyer): Promise<void> {
        if (!(await one.send())) unsure.push(one);
      }
    }),
};
