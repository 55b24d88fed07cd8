/** Buyers who order, and retry with the same key until they get an answer. */
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../../platform/ids.ts';
import type { Answer, TestPlatform } from '../support/platform.ts';
import { newCustomer, place } from '../support/shop.ts';
import type { History, Sent } from './history.ts';

/** The order status that each token leads to, where there is stock enough. */
export const ENDS: Readonly<Record<string, Sent['ends']>> = {
  tok_ok: 'PROCESSING',
  tok_slow: 'PROCESSING',
  tok_timeout: 'PROCESSING',
  tok_capture_timeout: 'PROCESSING',
  tok_declined: 'CANCELLED',
  tok_capture_fails: 'CANCELLED',
};

/**
 * Backoff of a retry, doubled each time: hundreds of buyers who retried at once would keep the server from starting.
 */
const [SOONEST_MS, LATEST_MS] = [100, 1600];

/** An order to send. */
export interface Wish {
  token: string;
  variantId: string;
  quantity?: number;
  /** The status that the order must end in. @default that of the token */
  ends?: Sent['ends'];
}

/** A buyer with one order to place. */
export interface Buyer {
  readonly key: string;
  readonly as: ReturnType<typeof newCustomer>;
  /** Sends the order once. Its id, or undefined if it was not accepted. Never throws. */
  send(): Promise<string | undefined>;
  /** Sends the order until it is accepted or refused, or the time is over. */
  insist(milliseconds?: number): Promise<string | undefined>;
}

/** Makes a buyer, and notes the answers in the history. */
export function buyer(shop: TestPlatform, history: History, wish: Wish): Buyer {
  const as = newCustomer();
  const key = newId('key');
  const lines = [{ variantId: wish.variantId, quantity: wish.quantity ?? 1 }];
  let isOver = false;
  const { token } = wish;
  history.add({ kind: 'sent', key, customerId: as.customerId!, token, lines, ends: wish.ends ?? ENDS[token] });

  const send = async (): Promise<string | undefined> => {
    let answer: Answer;
    try {
      answer = await place(shop, { lines, token, idempotencyKey: key }, as);
    } catch (error) {
      // Not told apart by instanceof: in Jest, errors of fetch are of another realm.
      history.add({ kind: 'unanswered', key, code: codeOf(error as Error) });
      return undefined;
    }
    const { order, userErrors } = answer.data?.placeOrder ?? {};
    isOver = Boolean(order ?? userErrors?.length);
    if (order) history.add({ kind: 'accepted', key, orderId: order.id });
    else if (isOver) history.add({ kind: 'refused', key, code: userErrors[0].code });
    else history.add({ kind: 'failed', key, code: failureOf(answer) });
    return order?.id;
  };

  const insist = async (milliseconds = 900_000): Promise<string | undefined> => {
    const deadline = Date.now() + milliseconds;
    for (let pause = SOONEST_MS; ; pause = Math.min(pause * 2, LATEST_MS)) {
      const id = await send();
      if (isOver || Date.now() > deadline) return id;
      await sleep(pause);
    }
  };
  return { key, as, send, insist };
}

const failureOf = (answer: Answer): string => answer.errors?.[0]?.extensions?.code ?? `HTTP ${answer.status}`;

/**
 * The code of a request without an answer: `ECONNREFUSED`, so that no server can have accepted it, or another, with
 * which one may have.
 */
const codeOf = (error: Error): string => {
  const cause = error.cause as { code?: string } | undefined;
  return cause?.code ?? error.message;
};
