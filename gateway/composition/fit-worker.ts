/** The worker thread that composes. One composition, then it ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { fit, type Parts } from './fit.ts';

const { served, wanted } = workerData as { served: Parts; wanted: Parts };
parentPort!.postMessage(fit(served, wanted));
