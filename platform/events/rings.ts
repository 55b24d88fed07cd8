/** Carries rings of the bell between processes. A ring may be lost: readers look by themselves as well. */
export interface Rings {
  /** Whether other processes are reached now: while they are not, their readers only look now and then. */
  readonly isCarried: boolean;
  /** Call after a commit, with the types of the events; without, for any. Returns at once and never fails. */
  send(types?: readonly string[]): void;
  /** Told of what other processes committed: of which types, or of anything. */
  onRing(listener: (types?: readonly string[]) => void): void;
  /** Told when `isCarried` may have changed. */
  onChange(listener: () => void): void;
}
