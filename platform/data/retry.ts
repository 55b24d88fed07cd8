import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import { Fault, isTransient } from '../errors.ts';

/** Error codes of a transaction that lost a race for locks: it was rolled back, so a retry is always safe. */
const LOST_RACE = new Set(['40001', '40P01', '55P03', 'LOST_RACE']);

/** A failed optimistic lock: another command changed the row since it was read. Nothing was written. */
export class LostRace extends Fault {
  override readonly name = 'LostRace';
  constructor(message: string) {
    super('LOST_RACE', message, { severity: 'LOW', recovery: 'RETRY' });
  }
}

/** Whether a transaction was rolled back in favour of others: deadlock, lock timeout or failed optimistic lock. */
export const isLostRace = (error: unknown): boolean => LOST_RACE.has((error as { code?: string }).code ?? '');

const backoff = new ExponentialBackoff({ initialDelay: 20, maxDelay: 500 });

/** Retries a transaction that lost a race for locks. */
export const afterLostRace = retry(handleWhen(isLostRace), {
  maxAttempts: 4,
  backoff,
});

/** Retries after any transient fault. Only for work that an idempotency key makes safe to repeat. */
export const afterTransient = retry(
  handleWhen((error) => isTransient(error) || isLostRace(error)),
  { maxAttempts: 4, backoff },
);
