import { isCallers } from '../errors.ts';

/** How an operation ended: `refused` if every error is its sender's to mend, `failed` if one at least is ours. */
export type Outcome = 'ok' | 'refused' | 'failed';

/** The outcome of a result with these errors. */
export function outcomeOf(errors: readonly object[] | undefined): Outcome {
  if (!errors?.length) return 'ok';
  return errors.every(isCallers) ? 'refused' : 'failed';
}
