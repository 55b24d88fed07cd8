import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import { openCourier } from '../../support/courier.ts';
import { buyer } from '../buyers.ts';
import { onProcess } from '../process-run.ts';
import type { Scenario } from '../scenario.ts';
import { settle } from '../settle.ts';

const TOKENS = ['tok_timeout', 'tok_capture_timeout', 'tok_slow', 'tok_ok', 'tok_capture_fails', 'tok_declined'];
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
/** How long after the last fault every webhook must have been delivered and handled. Milliseconds. */
const PATIENCE_MS = 60_000;

export const unsureProvider: Scenario = {
  name: 'unsure-provider',
  does:
    'A provider that does what it is asked and never says so, or says so late, and whose webhooks come late, up to ' +
    'three times and in any order; and a `kill -9` amid that.',
  long: { orders: 1000, faults: 20 },
  short: { orders: 30, faults: 1 },

  async run({ orders, faults, draw, history, say }) {
    let door = 'http://127.0.0.1:9/';
    const courier = await openCourier(draw, () => door, { lateMs: 2000 });
    const env = {
      PAYMENT_TIMEOUT_MS: '1000',
      PAYMENT_WEBHOOK_SECRETS: SECRET,
      SIMULATOR_WEBHOOK_URL: courier.url,
    };
    try {
      return await onProcess(env, async ({ shop, variantId }) => {
        const open = (): void => void (door = shop.url.replace('/graphql', '/webhooks/payment/simulator'));
        open();
        const answers: Promise<unknown>[] = [];
        for (let fault = 0; fault < faults; fault++) {
          const due = Math.round(((fault + 1) * orders) / faults) - Math.round((fault * orders) / faults);
          for (let n = 0; n < due; n++)
            answers.push(buyer(shop, history, { token: draw.oneOf(TOKENS), variantId }).insist());
          await sleep(draw.between(300, 3000));
          await shop.kill();
          await shop.restart();
          open();
          // Kills that come faster than orders are accepted would leave all of them to the end, and try nothing.
          await Promise.all(answers.splice(0));
          if (fault % 10 === 9) say(`${fault + 1} kills, ${JSON.stringify(history.counts())}`);
        }
        const settled = await settle(shop.kysely, history.entries);
        // The webhooks are sent, then delivered, then handled.
        await webhooksLeft(shop.kysely);
        await courier.settled(PATIENCE_MS);
        const unheard = await webhooksLeft(shop.kysely);
        // Webhooks that came after the orders had ended have changed nothing.
        const { violations } = unheard.length === 0 ? await settle(shop.kysely, history.entries) : settled;
        const { taken, brought, repeated } = courier.counts;
        return {
          ...settled,
          violations: [...violations, ...unheard, ...(taken === 0 ? ['the provider sent no webhook'] : [])],
          faults: `every second payment unanswered or late, ${faults} kills, webhooks brought ${brought + repeated} times for ${brought}`,
        };
      });
    } finally {
      await courier.close();
    }
  },
};

/** Webhooks that are not delivered or not handled, once there was time for all of them. */
async function webhooksLeft(kysely: Kysely<any>): Promise<string[]> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const unsent = await kysely.selectFrom('payment.simulator_webhook').select(['id', 'error']).limit(20).execute();
    const unhandled = await kysely
      .selectFrom('payment.webhook_delivery')
      .select(['webhook_id', 'status', 'error'])
      .where('status', '<>', 'HANDLED')
      .limit(20)
      .execute();
    const left = [
      ...unsent.map(({ id, error }) => `webhook ${id} was not sent: ${error}`),
      ...unhandled.map(({ webhook_id, status, error }) => `webhook ${webhook_id} is ${status}: ${error}`),
    ];
    if (left.length === 0 || performance.now() > deadline) return left;
    await sleep(100);
  }
}
