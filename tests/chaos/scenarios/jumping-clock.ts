import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../../platform/clock.ts';
import { openPlatform } from '../../support/platform.ts';
import { forSale } from '../../support/shop.ts';
import { untilAnswer } from '../../support/until.ts';
import { buyer } from '../buyers.ts';
import { PLENTY } from '../process-run.ts';
import type { Scenario } from '../scenario.ts';
import { settle } from '../settle.ts';

const TOKENS = ['tok_ok', 'tok_ok', 'tok_declined', 'tok_capture_fails', 'tok_3ds', 'tok_timeout'];
const JUMP_MS = 600_000;
/** A circuit breaker that opened lets one call through after a minute, and on a busy machine that may fail too. */
const BREAKER_MS = 240_000;
/** Pause between two jumps, in milliseconds. */
const CALM_MS = 400;
/** A jump forward ends the time that a buyer has to confirm. */
const SETTINGS = { PAYMENT_ACTION_SECONDS: '300', PAYMENT_TIMEOUT_MS: '1000' };

const PAYMENTS = `query ($id: ID) { order(id: $id) { status payments { id status } } }`;
const CONFIRM = `mutation ($input: ConfirmPaymentInput!) { confirmPayment(input: $input) { userErrors { code } } }`;

export const jumpingClock: Scenario = {
  name: 'jumping-clock',
  does: "Agora's clock jumps ten minutes ahead and back at random, while buyers order, and confirm payments.",
  long: { orders: 1000, faults: 100 },
  short: { orders: 40, faults: 8 },

  async run({ orders, faults, draw, history }) {
    let offset = 0;
    let variantId: string;
    const clock: Clock = { now: () => new Date(Date.now() + offset) };
    const shop = await openPlatform({ clock, config: SETTINGS });
    try {
      variantId = await forSale(shop, { stock: PLENTY });
      const answers: Promise<unknown>[] = [];
      for (let fault = 0; fault < faults; fault++) {
        const due = Math.round(((fault + 1) * orders) / faults) - Math.round((fault * orders) / faults);
        for (let n = 0; n < due; n++)
          answers.push(order({ token: draw.oneOf(TOKENS), wait: draw.between(0, 4 * CALM_MS) }));
        await sleep(draw.between(CALM_MS / 2, CALM_MS * 1.5));
        // Never before the time at which the prices of the shop begin: an order then would be refused, and nothing
        // tried.
        offset = offset === 0 ? JUMP_MS : 0;
      }
      await Promise.all(answers);
      const settled = await settle(shop.kysely, history.entries);
      const { sent, accepted } = history.counts();
      if (accepted < sent) settled.violations.push(`of ${sent} orders ${accepted} were accepted`);
      return { ...settled, faults: `${faults} jumps of 10 minutes` };
    } finally {
      await shop.close();
    }

    async function order({ token, wait }: { token: string; wait: number }): Promise<void> {
      const one = buyer(shop, history, { token, variantId });
      const id = await one.insist();
      if (token !== 'tok_3ds' || !id) return;
      // A client that is told to retry later does, as everywhere here.
      const { payments } = await untilAnswer(
        async () => (await shop.ask(PAYMENTS, { id }, one.as)).data?.order ?? {},
        (is) => is.payments?.[0]?.status === 'REQUIRES_ACTION' || (is.payments && is.status === 'CANCELLED'),
        'the payment neither waits nor is over',
        BREAKER_MS,
      );
      await sleep(wait);
      if (payments.length === 0) return;
      // Whether the confirmation comes in time depends on the clock, and either end is a good one; but an error is
      // none, as when the provider's breaker is open, and then the buyer confirms again.
      await untilAnswer(
        () => shop.ask(CONFIRM, { input: { paymentId: payments[0].id, idempotencyKey: one.key } }, one.as),
        ({ errors }) => errors === undefined,
        'the payment is neither confirmed nor refused',
        BREAKER_MS,
      );
    }
  },
};
