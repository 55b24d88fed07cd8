/** An error of a handler, as the cause: the batch is repeated with a savepoint for each event. */
export class HandlerFailed extends Error {
  constructor(cause: unknown) {
    super('an event handler failed', { cause });
  }
}

/**
 * Whether a handler swallowed an error of PostgreSQL: the transaction was aborted by then, so a later statement failed.
 */
export const isSwallowed = (error: unknown): boolean => (error as { code?: string }).code === '25P02';
