import { Unavailable } from '../../../platform/errors.ts';
import type { Guards } from '../../../platform/resilience/breakers.ts';
import { POLICIES } from '../../../platform/resilience/policies.ts';
import { type PaymentProvider, RefundRefused } from './provider.ts';

/** The port without the signals, which the guard passes. `leave` aborts when the caller needs no answer any more. */
export type GuardedProvider = {
  [Call in keyof PaymentProvider]: PaymentProvider[Call] extends (...args: [...infer Args, AbortSignal]) => infer Answer
    ? (...args: [...args: Args, leave?: AbortSignal]) => Answer
    : never;
};

/** Timeout and circuit breakers of a provider. */
interface GuardedBy {
  timeoutMs: number;
  guards: Guards;
}

/**
 * A provider behind a timeout and a circuit breaker. It does not retry: an error means that the effect is not known, so
 * the saga that carries the order comes back, and asks first for the state under the reference.
 */
export function guard(provider: PaymentProvider, { timeoutMs, guards }: GuardedBy): GuardedProvider {
  // A refusal is an answer, and Unavailable comes from our own infrastructure: neither is a failure of the provider.
  const isIllness = (error: unknown): boolean => !(error instanceof RefundRefused) && !(error instanceof Unavailable);
  const guarded = guards('payment provider', { policy: { ...POLICIES.provider, timeoutMs }, isIllness });

  const call = async <T>(name: string, work: (signal: AbortSignal) => Promise<T>, leave?: AbortSignal): Promise<T> => {
    try {
      return await guarded.execute(work, leave);
    } catch (error) {
      if (error instanceof RefundRefused || error instanceof Unavailable) throw error;
      throw new Unavailable(`The payment provider did not answer (${name}): ${(error as Error).message}`, {
        cause: error,
      });
    }
  };

  return {
    authorise: (payment, leave) => call('authorise', (signal) => provider.authorise(payment, signal), leave),
    charge: (payment, leave) => call('charge', (signal) => provider.charge(payment, signal), leave),
    find: (reference, leave) => call('find', (signal) => provider.find(reference, signal), leave),
    confirmAction: (reference, leave) =>
      call('confirmAction', (signal) => provider.confirmAction(reference, signal), leave),
    capture: (reference, leave) => call('capture', (signal) => provider.capture(reference, signal), leave),
    void: (reference, leave) => call('void', (signal) => provider.void(reference, signal), leave),
    refund: (reference, refund, leave) => call('refund', (signal) => provider.refund(reference, refund, signal), leave),
  };
}
