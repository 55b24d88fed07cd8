import { Error as DBOSErrors } from '@dbos-inc/dbos-sdk';
import { isTransient } from '../errors.ts';

/** Error codes of PostgreSQL that DBOS passes on: a cancelled statement (timeout), and system errors such as I/O. */
const SERVER = /^(57014|58)/;
/** Messages of DBOS 5.3.0 during shutdown and launch: a TypeError and a bare DBOSError, without codes of their own. */
const BETWEEN_LIVES = /`DBOS\.launch\(\)` must be called before|system database has been shut down/;

/**
 * Whether an error that came out of DBOS is an infrastructure fault. DBOS retries most lost connections itself; these
 * are the rest. No saga ends with such an error. Other errors are DBOS's own: a saga that another worker has taken
 * over, that was cancelled, or whose steps differ from those it began with.
 */
export function isEngineFault(error: unknown): boolean {
  const wrapped = [error, ...wrappedIn(error)];
  return wrapped.some((each) => {
    if (isTransient(each) || each instanceof DBOSErrors.DBOSExecutorNotInitializedError) return true;
    const { code, message } = (each ?? {}) as { code?: unknown; message?: unknown };
    return SERVER.test(String(code ?? '')) || BETWEEN_LIVES.test(String(message ?? ''));
  });
}

/** Inner errors: DBOS and Node each have their own field for the cause. */
function wrappedIn(error: unknown): unknown[] {
  const { errors = [], error: inner } = (error ?? {}) as { errors?: unknown[]; error?: unknown };
  return inner === undefined ? errors : [...errors, inner];
}
