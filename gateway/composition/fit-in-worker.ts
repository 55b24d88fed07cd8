import { Worker } from 'node:worker_threads';
import type { Fit, Parts } from './fit.ts';

/** Timeout of a composition, which takes a second or two. Milliseconds. */
const TIMEOUT_MS = 60_000;

/**
 * The same as `fit`, in a worker thread, so that requests are served meanwhile.
 * @throws Error if it cannot be run, or takes longer than a minute
 */
export async function fitInWorker(served: Parts, wanted: Parts, signal?: AbortSignal): Promise<Fit> {
  const worker = new Worker(new URL('./fit-worker.ts', import.meta.url), { workerData: { served, wanted } });
  const { promise, resolve, reject } = Promise.withResolvers<Fit>();
  worker.once('message', resolve).once('error', reject);
  worker.once('exit', (code) => reject(new Error(`The thread that composes ended with ${code}.`)));
  const stop = (): void => reject(new Error('The composition was stopped.'));
  signal?.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(() => reject(new Error(`No composition in ${TIMEOUT_MS} ms.`)), TIMEOUT_MS);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    await worker.terminate();
  }
}
