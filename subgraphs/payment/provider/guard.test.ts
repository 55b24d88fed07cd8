import { describe, expect, test } from '@jest/globals';
import { Unavailable } from '../../../platform/errors.ts';
import { Breakers } from '../../../platform/resilience/breakers.ts';
import { guard as guardIn } from './guard.ts';
import { type PaymentProvider, type ProviderPayment, RefundRefused } from './provider.ts';

const guard = (port: PaymentProvider, timeoutMs: number) =>
  guardIn(port, { timeoutMs, guards: new Breakers().of('payment') });

const answer: ProviderPayment = { status: 'AUTHORISED', captured: 0n, currency: 'EUR' };
const payment = { reference: 'payment_1', token: 'tok_ok', minor: 1n, currency: 'EUR' };

/** A provider that behaves alike at every call, and counts its calls. */
function provider(behave: (signal: AbortSignal) => Promise<ProviderPayment>) {
  const counted = { calls: 0, behave };
  const call = (...args: unknown[]) => {
    counted.calls += 1;
    return counted.behave(args.at(-1) as AbortSignal);
  };
  const port = {
    authorise: call,
    find: call,
    confirmAction: call,
    capture: call,
    void: call,
    refund: call,
  } as PaymentProvider;
  return Object.assign(counted, { port });
}

describe('a provider that is down', () => {
  test('is a transient fault and never a declined card', async () => {
    const { port } = provider(() => Promise.reject(new Error('connect ECONNREFUSED')));
    await expect(guard(port, 1000).authorise(payment)).rejects.toBeInstanceOf(Unavailable);
  });

  test('opens the circuit breaker after five failures in a row', async () => {
    const down = provider(() => Promise.reject(new Error('502')));
    const guarded = guard(down.port, 1000);
    for (let n = 0; n < 9; n++) await expect(guarded.capture('payment_1')).rejects.toBeInstanceOf(Unavailable);
    expect(down.calls).toBe(5);
    down.behave = () => Promise.resolve(answer);
    await expect(guarded.find('payment_1')).rejects.toBeInstanceOf(Unavailable);
  });

  test('only now and then leaves the circuit breaker closed', async () => {
    const flaky = provider(() => Promise.reject(new Error('502')));
    const guarded = guard(flaky.port, 1000);
    for (let n = 0; n < 20; n++) {
      flaky.behave = n % 5 === 4 ? () => Promise.resolve(answer) : () => Promise.reject(new Error('502'));
      await guarded.find('payment_1').catch(() => {});
    }
    expect(flaky.calls).toBe(20);
  });
});

test('a call that gets no answer ends at the timeout, and its signal aborts', async () => {
  let aborted = false;
  const silent = provider((signal) => new Promise(() => signal.addEventListener('abort', () => (aborted = true))));
  await expect(guard(silent.port, 50).void('payment_1')).rejects.toBeInstanceOf(Unavailable);
  expect(aborted).toBe(true);
});

test('a refund that the provider refuses is an answer, and does not count as a failure', async () => {
  const refusing = provider(() => Promise.reject(new RefundRefused('too much')));
  const guarded = guard(refusing.port, 1000);
  for (let n = 0; n < 8; n++)
    await expect(guarded.refund('payment_1', { reference: 'refund_1', minor: 1n })).rejects.toBeInstanceOf(
      RefundRefused,
    );
  expect(refusing.calls).toBe(8);
});

test('an outage of our own database does not count as a failure of the provider', async () => {
  const away = provider(() => Promise.reject(new Unavailable('the books')));
  const guarded = guard(away.port, 1000);
  for (let n = 0; n < 8; n++) await expect(guarded.find('payment_1')).rejects.toBeInstanceOf(Unavailable);
  expect(away.calls).toBe(8);
});
