import { circuitBreaker, ConsecutiveBreaker, handleWhen, timeout, TimeoutStrategy, wrap } from 'cockatiel';
import { Unavailable } from '../../../platform/errors.ts';
import { type PaymentProvider, RefundRefused } from './provider.ts';

/** The port without the signals, which the guard gives. */
export type GuardedProvider = {
  [Call in keyof PaymentProvider]: PaymentProvider[Call] extends (...args: [...infer Args, AbortSignal]) => infer Answer
    ? (...args: Args) => Answer
    : never;
};

const FAILURES = 5;
const OPEN_MS = 60_000;

/**
 * A provider behind a timeout and a circuit breaker. It does not try again: an error means that the effect is not known,
 * so whoever carries the order (the saga) comes back, and asks first what there is under the reference.
 */
export function guard(provider: PaymentProvider, timeoutMs: number): GuardedProvider {
  // A refusal is an answer, and what is Unavailable is of our own ground: neither says that the provider is ill.
  const isIllness = (error: unknown): boolean => !(error instanceof RefundRefused) && !(error instanceof Unavailable);
  const breaker = circuitBreaker(handleWhen(isIllness), {
    breaker: new ConsecutiveBreaker(FAILURES),
    halfOpenAfter: OPEN_MS,
  });
  const policy = wrap(breaker, timeout(timeoutMs, TimeoutStrategy.Aggressive));

  const call = async <T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    try {
      return await policy.execute(({ signal }) => work(signal));
    } catch (error) {
      if (error instanceof RefundRefused || error instanceof Unavailable) throw error;
      throw new Unavailable(`The payment provider did not answer (${name}): ${(error as Error).message}`, {
        cause: error,
      });
    }
  };

  return {
    authorise: (payment) => call('authorise', (signal) => provider.authorise(payment, signal)),
    find: (reference) => call('find', (signal) => provider.find(reference, signal)),
    confirmAction: (reference) => call('confirmAction', (signal) => provider.confirmAction(reference, signal)),
    capture: (reference) => call('capture', (signal) => provider.capture(reference, signal)),
    void: (reference) => call('void', (signal) => provider.void(reference, signal)),
    refund: (reference, refund) => call('refund', (signal) => provider.refund(reference, refund, signal)),
  };
}
