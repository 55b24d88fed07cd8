import { setTimeout as sleep } from 'node:timers/promises';
import { type Buyer, buyer } from '../buyers.ts';
import { onProcess } from '../process-run.ts';
import type { Entry } from '../history.ts';
import type { Scenario } from '../scenario.ts';
import { settle } from '../settle.ts';

const TOKENS = ['tok_ok', 'tok_ok', 'tok_declined', 'tok_slow'];
/** Pause between two orders, in milliseconds. */
const PACE_MS = 8;
const LATECOMERS = 10;
/** Codes of requests that were clearly refused: the client knows that nothing was done. */
const CLEAR = /^(ECONNREFUSED|UNAVAILABLE|HTTP 503)$/;

export const stopUnderLoad: Scenario = {
  name: 'stop-under-load',
  does: 'SIGTERM while buyers order: what was accepted is finished after the next start, what was not is refused clearly.',
  long: { orders: 1000, faults: 20 },
  short: { orders: 60, faults: 2 },

  run: ({ orders, faults, draw, history }) =>
    onProcess({}, async ({ shop, variantId }) => {
      const violations: string[] = [];
      const cutOff: Buyer[] = [];
      let [refusals, cuts] = [0, 0];
      for (let fault = 0; fault < faults; fault++) {
        const due = Math.round(orders / faults);
        const answers: Promise<unknown>[] = [];
        const send = () => answers.push(sendOnce(buyer(shop, history, { token: draw.oneOf(TOKENS), variantId })));
        for (let n = 0; n < due; n++) {
          send();
          await sleep(PACE_MS);
        }
        let isOver = false;
        const stopped = shop.process.end('SIGTERM').finally(() => (isOver = true));
        // Requests into the stop, and past it.
        for (let n = 0; n < LATECOMERS || !isOver; n++) {
          send();
          await sleep(PACE_MS * 2);
        }
        const { code } = await stopped;
        if (code !== 0) violations.push(`SIGTERM ended with code ${code}`);
        await Promise.all(answers);
        await shop.restart();
        // Requests that crossed the end of their connection: no server can refuse those. A retry of one is made once.
        await Promise.all(cutOff.splice(0).map((one) => one.insist()));
      }
      // Buyers who were refused do not come back: an order of one that is there all the same is a violation.
      const settled = await settle(shop.kysely, history.entries);
      const refused = unaccepted(history.entries);
      const kept = await shop.kysely
        .selectFrom('order.idempotency')
        .select('key')
        .where('key', 'in', refused)
        .execute();
      violations.push(...kept.map(({ key }) => `${key} was refused, and its order is there`));
      // A request that crosses the end of its connection is no fault; many of them are the stop's.
      if (cuts > refusals / 20) violations.push(`${cuts} were cut off, and ${refusals} refused clearly`);
      return {
        ...settled,
        violations: [...violations, ...settled.violations],
        faults: `${faults} SIGTERMs`,
        notes: `${refusals} refused clearly, ${cuts} cut off`,
      };

      async function sendOnce(one: Buyer): Promise<void> {
        if (await one.send()) return;
        const last = history.entries.findLast((entry) => entry.key === one.key)!;
        if ('code' in last && CLEAR.test(last.code)) {
          refusals++;
        } else {
          cuts++;
          cutOff.push(one);
        }
      }
    }),
};

/** Keys under which no order was accepted. Never empty, because SQL knows no empty list. */
function unaccepted(entries: readonly Entry[]): string[] {
  const accepted = new Set(entries.filter(({ kind }) => kind === 'accepted').map(({ key }) => key));
  return ['', ...entries.map(({ key }) => key).filter((key) => !accepted.has(key))];
}
