/**
 * A saga's command and its undo, whichever comes first: an undo that comes before leaves a tombstone in the idempotency
 * row of the command, so that the command, when it comes late, is refused and does nothing.
 */
import { refuse } from '../errors.ts';
import type { Origin, Store, Work } from './store.ts';

/** Which piece of work, and what to lock for it. */
export interface Undoable {
  /** The command's name. */
  operation: string;
  /** Which work: the command and its undo give the same. */
  reference: string;
  locks: readonly string[];
  origin: Origin;
}

const onceOf = ({ operation, reference, locks, origin }: Undoable, key = reference) => ({
  actor: 'saga',
  operation,
  key,
  request: null,
  locks,
  origin,
});

/** Does the work once. @throws Refusal INVALID_STATE if it was undone before */
export async function doOnce<DB>(
  store: Store<DB>,
  undoable: Undoable,
  work: (work: Work<DB>) => Promise<void>,
): Promise<void> {
  const { isDone } = await store.idempotent(onceOf(undoable), async (session) => {
    await work(session);
    return { isDone: true };
  });
  if (!isDone) throw refuse('INVALID_STATE', 'This was called off.', ['input', 'reference']);
}

/** Undoes the work once, if it was done, and sees to it that it will not be. */
export async function undoOnce<DB>(
  store: Store<DB>,
  undoable: Undoable,
  undo: (work: Work<DB>) => Promise<void>,
): Promise<void> {
  const { isDone } = await store.idempotent(onceOf(undoable), async () => ({ isDone: false }));
  if (!isDone) return;
  await store.idempotent(onceOf(undoable, `${undoable.reference}:undo`), async (session) => {
    await undo(session);
    return {};
  });
}
