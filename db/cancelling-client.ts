/**
 * A client whose statement is cancelled on the server too when its caller has gone: by a cancel request on a connection
 * of its own (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS), which works
 * through PgBouncer as well.
 */
import pg from 'pg';
import { currentSignal } from '../platform/data/cancellation.ts';
import { Unavailable } from '../platform/errors.ts';
import { unstorableIn } from './storable.ts';

/** Time limit of a cancel request, in milliseconds: without it the statement still has its own limit. */
const CANCEL_MS = 2_000;

/** PostgreSQL's `query_canceled`. */
const CANCELLED = '57014';

const GONE = 'Whoever asked has gone, or the time is up.';
const ENDING = /^\s*(commit|rollback|release|end)\b/i;

/** Properties of a pg client that pg does not declare. */
interface Connected {
  host: string;
  port: number;
  ssl: boolean | object;
  processID: number;
  secretKey: number;
}
interface Wire {
  stream: { destroy(): void };
  connect(port: number | string, host?: string): void;
  cancel(processID: number, secretKey: number): void;
  once(event: string, listener: () => void): void;
  on(event: string, listener: () => void): void;
}

/** A client whose statements end with their caller. */
export class CancellingClient extends pg.Client {
  // biome-ignore lint/suspicious/noExplicitAny: pg has a dozen overloads, and all go through
  override query(...call: any[]): any {
    const [config, values = (config as { values?: unknown } | undefined)?.values] = call;
    const bad = isByPromise(call) && unstorableIn(values);
    if (bad) return Promise.reject(bad);
    const signal = currentSignal();
    if (signal?.aborted && isNewWork(call)) return Promise.reject(new Unavailable(GONE));
    const sent = (super.query as (...call: unknown[]) => unknown).apply(this, call);
    if (!signal || signal.aborted || !(sent instanceof Promise)) return sent;
    return untilCancelled(this as unknown as Connected, sent, signal);
  }
}

/**
 * Whether a statement need not begin once its caller has gone, as after a long wait for a connection. A statement that
 * ends a transaction is always sent.
 */
function isNewWork(call: readonly unknown[]): boolean {
  const [config] = call;
  const text = typeof config === 'string' ? config : (config as { text?: unknown } | undefined)?.text;
  return isByPromise(call) && typeof text === 'string' && !ENDING.test(text);
}

const isByPromise = (call: readonly unknown[]): boolean => !call.some((argument) => typeof argument === 'function');

/** Settles when the cancel request is over too: otherwise that could hit the connection's next statement. */
async function untilCancelled(client: Connected, sent: Promise<unknown>, signal: AbortSignal): Promise<unknown> {
  let cancelling: Promise<void> | undefined;
  const cancel = (): void => void (cancelling = requestCancel(client));
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await sent;
  } catch (error) {
    if (cancelling && (error as { code?: string }).code === CANCELLED) throw new Unavailable(GONE, { cause: error });
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
    await cancelling;
  }
}

function requestCancel({ host, port, ssl, processID, secretKey }: Connected): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wire = new (pg as unknown as { Connection: new (config: object) => Wire }).Connection({ ssl });
  const timer = setTimeout(() => wire.stream.destroy(), CANCEL_MS);
  const send = (): void => wire.cancel(processID, secretKey);
  wire.once(ssl ? 'sslconnect' : 'connect', send);
  wire.on('error', () => {});
  wire.once('end', () => {
    clearTimeout(timer);
    resolve();
  });
  if (host.startsWith('/')) wire.connect(`${host}/.s.PGSQL.${port}`);
  else wire.connect(port, host);
  return promise;
}
