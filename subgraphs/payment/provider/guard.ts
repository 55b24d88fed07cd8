import { Unavailable } from '../../../platform/errors.ts';
import type { Guards } from '../../../platform/resilience/breakers.ts';
import { POLICIES } from '../../../platform/resilience/policies.ts';
import { type PaymentProvider, RefundRefused } from './provider.ts';

/** The port without the signals, which the guard gives. */
export type GuardedProvider = {
  [Call in keyof PaymentProvider]: PaymentProvider[Call] extends (...args: [...infer Args, AbortSignal]) => infer Answer
    ? (...args: Args) => Answer
    : never;
};

/**
 * A provider behind a timeout and a circuit breaker. It does not try again: an error means that the effect is not known,
 * so whoever carries the order (the saga) comes back, and asks first what there is under the reference.
 */
export function guard(provider: PaymentProvider, timeoutMs: number, guards: Guards): GuardedProvider {
  // A refusal is an answer, and what is Unavailable is of our own ground: neither says that the provider is ill.
  const isIllness = (error: unknown): boolean => !(error instanceof RefundRefused) && !(error instanceof Unavailable);
  const guarded = guards('payment provider', { policy: { ...POLICIES.provider, timeoutMs }, isIllness });

  const call = async <T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    try {
      return await guarded.execute(work);
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
