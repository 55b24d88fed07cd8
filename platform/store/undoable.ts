/**
 * A saga's command and its undo, in either order: an undo that comes first leaves a tombstone in the command's
 * idempotency row, so that the late command is refused and does nothing.
 */
import { refuse } from '../errors.ts';
import type { Origin, Store, Work } from './store.ts';

/** A command that can be undone, with its locks. */
export interface Undoable {
  /** The command's name. */
  operation: string;
  /** Id of the work, the same for the command and its undo. */
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

/** Undoes the work once if it was done, and otherwise bars it. */
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
