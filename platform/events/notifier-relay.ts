/** Carries notifications of the event log between processes. One may be lost: readers poll as well. */
export interface NotifierRelay {
  /** Whether other processes can be reached now. While they cannot, their readers only poll. */
  readonly isConnected: boolean;
  /** Call after a commit, with the types of the events; without, for any. Returns at once and never fails. */
  send(types?: readonly string[]): void;
  /** Has the listener called with the event types of commits in other processes; without types, for any. */
  onNotify(listener: (types?: readonly string[]) => void): void;
  /** Has the listener called when `isConnected` may have changed. */
  onChange(listener: () => void): void;
}
