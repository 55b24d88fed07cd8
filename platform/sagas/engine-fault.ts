import { Error as DBOSErrors } from '@dbos-inc/dbos-sdk';
import { isTransient } from '../errors.ts';

/** What PostgreSQL says of a statement that took too long, and of a file system in trouble: DBOS passes these on. */
const SERVER = /^(57014|58)/;
/** What DBOS 5.3.0 says while it is shut down or launched: a TypeError and a bare DBOSError, without codes of their own. */
const BETWEEN_LIVES = /`DBOS\.launch\(\)` must be called before|system database has been shut down/;

/**
 * Whether an error that came out of DBOS is an infrastructure fault. It tries most lost connections again itself;
 * these are the rest. No saga ends with such an error. What is left over is DBOS's own business: a saga that another
 * worker has taken over, or that was cancelled; or a saga that is told differently than it was begun.
 */
export function isEngineFault(error: unknown): boolean {
  const wrapped = [error, ...wrappedIn(error)];
  return wrapped.some((each) => {
    if (isTransient(each) || each instanceof DBOSErrors.DBOSExecutorNotInitializedError) return true;
    const { code, message } = (each ?? {}) as { code?: unknown; message?: unknown };
    return SERVER.test(String(code ?? '')) || BETWEEN_LIVES.test(String(message ?? ''));
  });
}

/** DBOS and Node each have their own field for what was wrong beneath. */
function wrappedIn(error: unknown): unknown[] {
  const { errors = [], error: inner } = (error ?? {}) as { errors?: unknown[]; error?: unknown };
  return inner === undefined ? errors : [...errors, inner];
}
