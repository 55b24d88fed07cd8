import { isCallers } from '../errors.ts';

/** Outcome of an operation: `refused` if its sender can mend every error, `failed` if at least one is ours. */
export type Outcome = 'ok' | 'refused' | 'failed';

/** The outcome of a result with these errors. */
export function outcomeOf(errors: readonly object[] | undefined): Outcome {
  if (!errors?.length) return 'ok';
  return errors.every(isCallers) ? 'refused' : 'failed';
}
