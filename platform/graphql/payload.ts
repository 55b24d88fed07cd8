import { Refusal, type UserError } from '../errors.ts';

/** What every mutation answers beside its own fields. */
export interface Refused {
  userErrors: UserError[];
}

/** Runs a use case for a mutation: a {@link Refusal} becomes the payload's `userErrors`, anything else goes on up. */
export async function payload<T extends object>(work: () => Promise<T>): Promise<(T & Refused) | Refused> {
  try {
    return { userErrors: [], ...(await work()) };
  } catch (error) {
    if (error instanceof Refusal) return { userErrors: [...error.userErrors] };
    throw error;
  }
}
