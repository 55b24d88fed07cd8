/**
 * What is being read for somebody who may leave. It reaches the statements without every function on the way passing a
 * signal on (`db/cancelling-client.ts`); only queries run under one: a mutation that has begun is carried out.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

const signals = new AsyncLocalStorage<AbortSignal | undefined>();

/** Does the work so that its statements are cancelled when the signal aborts; without a signal they are not. */
export const cancellableBy = <T>(signal: AbortSignal | undefined, work: () => T): T => signals.run(signal, work);

/** The signal of the work that this is part of. */
export const currentSignal = (): AbortSignal | undefined => signals.getStore();
