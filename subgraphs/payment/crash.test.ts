/**
 * A process that dies at every possible place: before or after a transaction of ours, before or after an effect at the
 * provider. Its memory is gone; the saga asks again until it gets an answer. A seed chooses the places.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { FixedClock } from '../../platform/clock.ts';
import { createStore, type Store } from '../../platform/store/store.ts';
import { isTransient, Refusal, Unavailable } from '../../platform/errors.ts';
import { LogNotifier } from '../../platform/events/log-notifier.ts';
import { newId } from '../../platform/ids.ts';
import { openAgents, service, type TestAgents } from '../../tests/support/agents.ts';
import { until } from '../../tests/support/until.ts';
import { cancelService } from './cancel.ts';
import type { PaymentVariables } from './config.ts';
import type { Tables } from './entities.ts';
import { paymentViolations } from './invariants.ts';
import { Breakers } from '../../platform/resilience/breakers.ts';
import { guard, type GuardedProvider } from './provider/guard.ts';
import { Simulator } from './provider/simulator.ts';
import { refundService } from './refund.ts';
import { paymentService } from './service.ts';

class Died extends Error {}

type Meddle = (call: string, when: 'before' | 'after') => void;

let agents: TestAgents;
let store: Store<Tables>;
const clock = new FixedClock();
beforeAll(async () => {
  agents = await openAgents(['payment']);
  store = createStore<Tables>({ agent: 'payment', kysely: agents.kysely, notifier: new LogNotifier() });
});
afterAll(() => agents.close());

/** A provider that calls a hook before and after each call, such as one that ends the process. */
const meddled = <T extends object>(whole: T, meddle: Meddle): T =>
  new Proxy(whole, {
    get: (target, name) => {
      const member = (target as Record<string | symbol, unknown>)[name];
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]) => {
        meddle(String(name), 'before');
        const result = await member.apply(target, args);
        meddle(String(name), 'after');
        return result;
      };
    },
  });

const seeded = (seed: number) => {
  let state = seed + 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
};

const dying =
  (random: () => number): Meddle =>
  () => {
    if (random() < 0.25) throw new Died('kill -9');
  };

function services(atStore: Meddle, atProvider = atStore) {
  const db = agents.kysely.withSchema('payment');
  const books = new Simulator({ db, clock, actionSeconds: 600, slowMs: 1 });
  const provider = meddled<GuardedProvider>(
    guard(books, { timeoutMs: 100, guards: new Breakers().of('payment') }),
    atProvider,
  );
  const config = { PAYMENT_TIME_ZONE: 'UTC' };
  const agentContext = { store: meddled(store, atStore), clock, config } as unknown as AgentContext<
    Tables,
    PaymentVariables
  >;
  const refunds = refundService(agentContext, provider);
  return {
    ...paymentService(agentContext, { provider }),
    refunds,
    cancel: cancelService(agentContext, { provider, refunds }),
  };
}

async function untilAnswered<T>(work: () => Promise<T>): Promise<T | Refusal> {
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Refusal) return error;
      if (!(error instanceof Died) && !isTransient(error)) throw error;
    }
  }
  throw new Error('no answer in 200 attempts');
}

const context = { actor: service, correlationId: 'req_crash' };
const input = (orderId: string, token: string) => ({
  orderId,
  customerId: null,
  token,
  amount: { amount: '10.00', currency: 'EUR' },
  idempotencyKey: 'k',
});

test.each([
  ['tok_ok', { AUTHORISE: 1, CAPTURE: 1 }],
  ['tok_capture_fails', { AUTHORISE: 1, VOID: 1 }],
  ['tok_declined', {}],
  ['tok_timeout', { AUTHORISE: 1, CAPTURE: 1 }],
  ['tok_capture_timeout', { AUTHORISE: 1, CAPTURE: 1 }],
])('a payment with %s is carried to its end through every death, each effect once', async (token, effects) => {
  for (let seed = 0; seed < 12; seed++) {
    const { authorise, capture, cancel } = services(dying(seeded(seed)));
    const orderId = newId('order');
    const authorised = await untilAnswered(() => authorise(input(orderId, token), context));
    const captured = authorised instanceof Refusal ? authorised : await untilAnswered(() => capture(orderId, context));
    if (captured instanceof Refusal) await untilAnswered(() => cancel(orderId, 'PAYMENT_FAILED', context));
    expect(await movesOf(orderId)).toEqual(effects);
  }
  expect(await paymentViolations(agents.kysely)).toEqual([]);
});

test.each([
  ['tok_ok', { AUTHORISE: 1, CAPTURE: 1 }],
  ['tok_capture_fails', { AUTHORISE: 1, VOID: 1 }],
  ['tok_declined', {}],
  ['tok_timeout', { AUTHORISE: 1, CAPTURE: 1 }],
  ['tok_capture_timeout', { AUTHORISE: 1, CAPTURE: 1 }],
])('a charge with %s is carried to its end through every death, each effect once', async (token, effects) => {
  for (let seed = 0; seed < 12; seed++) {
    const { charge, cancel } = services(dying(seeded(seed)));
    const orderId = newId('order');
    const charged = await untilAnswered(() => charge(input(orderId, token), context));
    if (charged instanceof Refusal) await untilAnswered(() => cancel(orderId, 'PAYMENT_FAILED', context));
    expect(await movesOf(orderId)).toEqual(effects);
  }
  expect(await paymentViolations(agents.kysely)).toEqual([]);
});

const untilTaken = (orderId: string) =>
  until('the provider has taken the money', async () => (await movesOf(orderId)).CAPTURE === 1);

test('a cancellation during a charge that keeps dying leaves nothing held, and no money that is not given back', async () => {
  let taken = 0;
  for (let seed = 0; seed < 40; seed++) {
    const { charge, cancel } = services(dying(seeded(seed)));
    const orderId = newId('order');
    const buying = untilAnswered(() => charge(input(orderId, 'tok_ok'), context));
    // At any moment, but once only when the provider has taken the money.
    const moment = seed === 0 ? untilTaken(orderId) : new Promise((resolve) => setTimeout(resolve, seed % 30));
    const cancelling = moment.then(() => untilAnswered(() => cancel(orderId, 'CUSTOMER_REQUEST', context)));
    await Promise.all([buying, cancelling]);
    const { CAPTURE = 0, REFUND = 0, AUTHORISE = 0 } = await movesOf(orderId);
    expect([AUTHORISE, REFUND]).toEqual([CAPTURE, CAPTURE]);
    taken += CAPTURE;
  }
  expect(taken).toBeGreaterThan(0);
  expect(await paymentViolations(agents.kysely)).toEqual([]);
});

test('a cancellation during an authorisation and a capture that keep dying leaves nothing held and nothing captured', async () => {
  for (let seed = 0; seed < 40; seed++) {
    const { authorise, capture, cancel } = services(dying(seeded(seed)));
    const orderId = newId('order');
    const buying = untilAnswered(() => authorise(input(orderId, 'tok_ok'), context)).then(() =>
      untilAnswered(() => capture(orderId, context)),
    );
    const cancelling = new Promise((resolve) => setTimeout(resolve, seed % 30)).then(() =>
      untilAnswered(() => cancel(orderId, 'CUSTOMER_REQUEST', context)),
    );
    await Promise.all([buying, cancelling]);
    const { CAPTURE = 0, REFUND = 0, AUTHORISE = 0, VOID = 0 } = await movesOf(orderId);
    expect(CAPTURE).toBe(REFUND);
    expect(AUTHORISE).toBeLessThanOrEqual(CAPTURE + VOID);
  }
  expect(await paymentViolations(agents.kysely)).toEqual([]);
});

test('a retry after a death asks the provider for the outcome, and causes no effect a second time', async () => {
  const calls: string[] = [];
  let dies = true;
  const { authorise, capture } = services(
    () => {},
    (call, when) => {
      if (when === 'before') calls.push(call);
      else if (dies && call !== 'find') throw new Died('the answer is lost');
    },
  );
  const orderId = newId('order');
  for (const step of [() => authorise(input(orderId, 'tok_ok'), context), () => capture(orderId, context)]) {
    dies = true;
    await expect(step()).rejects.toBeInstanceOf(Died);
    dies = false;
    await step();
  }
  expect(calls).toEqual(['authorise', 'find', 'capture', 'find']);
});

test('a cancellation that has begun has priority, also while the provider is away', async () => {
  let isAway = false;
  const { authorise, capture, cancel } = services(
    () => {},
    () => {
      if (isAway) throw new Unavailable('away');
    },
  );
  const orderId = newId('order');
  await authorise(input(orderId, 'tok_ok'), context);
  isAway = true;
  await expect(cancel(orderId, 'CUSTOMER_REQUEST', context)).rejects.toBeInstanceOf(Unavailable);
  isAway = false;
  await expect(capture(orderId, context)).rejects.toMatchObject({ code: 'PAYMENT_FAILED' });
  await expect(authorise(input(orderId, 'tok_ok'), context)).rejects.toMatchObject({ code: 'PAYMENT_CANCELLED' });
  expect(await cancel(orderId, 'CUSTOMER_REQUEST', context)).toMatchObject({ outcome: 'VOIDED' });
});

test('a refund whose caller died is finished by the scheduled job', async () => {
  let dies = false;
  const meddle: Meddle = (call) => {
    if (dies && call === 'refund') throw new Died('kill -9');
  };
  const { authorise, capture, refunds } = services(() => {}, meddle);
  const orderId = newId('order');
  await authorise(input(orderId, 'tok_ok'), context);
  const paymentId = await capture(orderId, context);
  dies = true;
  await expect(
    refunds.refund({ paymentId, reason: 'Broken', idempotencyKey: newId('key') } as never, context),
  ).rejects.toBeInstanceOf(Died);
  dies = false;
  const { signal } = new AbortController();
  await refunds.finishAbandoned(signal);
  expect(await movesOf(orderId)).toEqual({ AUTHORISE: 1, CAPTURE: 1 });
  clock.advance(61_000);
  await refunds.finishAbandoned(signal);
  expect(await movesOf(orderId)).toEqual({ AUTHORISE: 1, CAPTURE: 1, REFUND: 1 });
  expect(await paymentViolations(agents.kysely)).toEqual([]);
});

async function movesOf(orderId: string): Promise<Record<string, number>> {
  const rows = await agents.kysely
    .selectFrom('payment.simulator_entry')
    .innerJoin('payment.payment', 'payment.id', 'reference')
    .select('kind')
    .where('orderId', '=', orderId)
    .execute();
  return rows.reduce(
    (counts: Record<string, number>, { kind }) => ({ ...counts, [kind]: (counts[kind] ?? 0) + 1 }),
    {},
  );
}
