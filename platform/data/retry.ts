import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import { Fault, isTransient } from '../errors.ts';

/** A transaction that lost a race for locks did nothing: it can always be tried again. */
const LOST_RACE = new Set(['40001', '40P01', '55P03', 'LOST_RACE']);

/** A row was changed by another command since it was read. Nothing was written. */
export class LostRace extends Fault {
  override readonly name = 'LostRace';
  constructor(message: string) {
    super('LOST_RACE', message, { severity: 'LOW', recovery: 'RETRY' });
  }
}

/** Whether a transaction gave way to others, and did nothing: a deadlock, or a lock that it waited for too long. */
export const isLostRace = (error: unknown): boolean => LOST_RACE.has((error as { code?: string }).code ?? '');

const backoff = new ExponentialBackoff({ initialDelay: 20, maxDelay: 500 });

/** Tries a transaction again that ended in a deadlock or a lock timeout. */
export const afterLostRace = retry(handleWhen(isLostRace), {
  maxAttempts: 4,
  backoff,
});

/** Tries again after any passing fault. Only for work that an idempotency key makes safe to repeat. */
export const afterTransient = retry(
  handleWhen((error) => isTransient(error) || isLostRace(error)),
  { maxAttempts: 4, backoff },
);
