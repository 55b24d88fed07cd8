import type { GraphQLError } from 'graphql';

/** How an operation ended: `refused` if every error is its sender's to mend, `failed` if one at least is ours. */
export type Outcome = 'ok' | 'refused' | 'failed';

/** Codes of errors that are ours, or of what we stand on. An error without a code was thrown by nobody on purpose. */
const OURS = new Set(['INTERNAL_SERVER_ERROR', 'UNAVAILABLE', 'undefined']);

/** The outcome of a result with these errors. */
export function outcomeOf(errors: readonly Pick<GraphQLError, 'extensions'>[] | undefined): Outcome {
  if (!errors?.length) return 'ok';
  return errors.some(({ extensions }) => OURS.has(String(extensions?.code))) ? 'failed' : 'refused';
}
