/** A process's knowledge of a consumer's cursor between two batches, from its own reads and from the log's tail. */
import { type Cursor, isAfter, isSame } from '../events/cursor.ts';
import type { Stretch } from '../events/log-tail.ts';

/** Number of skipped events after which the stored cursor is moved for them alone. */
const MOST_ROWS = 2000;
/** Longest time that the stored cursor stays behind, in milliseconds: the log's retention goes by it. */
const LONGEST_MS = 900_000;

/** A consumer's position in the log, and whether there are events for it. */
export class KnownPlace {
  #types: ReadonlySet<string>;
  /** The cursor as it was stored when it was last read. */
  #stored: Cursor | undefined;
  /** The cursor up to which, from the stored one, the log has no events for it. */
  #at: Cursor | undefined;
  #rows = 0;
  #since = performance.now();
  /** The cursor up to which the tail has told of events for it. */
  #news: Cursor | undefined;
  /** Stretches that the tail told while a batch was read: only afterwards is it known whether they adjoin its end. */
  #later: Stretch[] | undefined;

  constructor(types: readonly string[]) {
    this.#types = new Set(types);
  }

  /** The types of the events for it. */
  get types(): readonly string[] {
    return [...this.#types];
  }

  /** Sets the types of the events for it. With others than before nothing is known of its position any more. */
  follow(types: readonly string[]): void {
    const next = new Set(types);
    if (next.symmetricDifference(this.#types).size === 0) return;
    this.#types = next;
    this.#stored = undefined;
    this.#at = undefined;
    this.#rows = 0;
  }

  /** The stored cursor, and the one up to which there are no events for it. Undefined before its first batch. */
  get known(): { stored: Cursor; at: Cursor } | undefined {
    return this.#stored && this.#at && { stored: this.#stored, at: this.#at };
  }

  /** Whether the log has events for it that it has not read. */
  get hasNews(): boolean {
    return this.#news !== undefined && (this.#at === undefined || isAfter(this.#news, this.#at));
  }

  /** Whether the stored cursor is so far behind that moving it is worth a write. */
  get isWorthMoving(): boolean {
    if (!this.#stored || !this.#at || isSame(this.#stored, this.#at)) return false;
    return this.#rows >= MOST_ROWS || performance.now() - this.#since > LONGEST_MS;
  }

  /** Takes a stretch that the tail has read. */
  hear(stretch: Stretch): void {
    if (!stretch.types.isDisjointFrom(this.#types)) this.#news = stretch.to;
    else if (this.#later) this.#later.push(stretch);
    else this.#pass(stretch);
  }

  /** Defers the tail's stretches until the batch ends. */
  beginBatch(): void {
    this.#later = [];
  }

  endBatch(): void {
    const later = this.#later ?? [];
    this.#later = undefined;
    for (const stretch of later) this.hear(stretch);
  }

  /** The cursor to read from, for a stored one: after the events that are known to be of other types. */
  from(stored: Cursor): Cursor {
    if (this.#stored && this.#at && isSame(this.#stored, stored)) return this.#at;
    this.moved(stored);
    return stored;
  }

  /** Notes that there are no events for it between the stored cursor and this one. */
  passed(at: Cursor, rows: number): void {
    if (!this.#at || isAfter(at, this.#at)) this.#at = at;
    this.#rows += rows;
  }

  /** Notes that the stored cursor was moved. */
  moved(to: Cursor): void {
    this.#stored = to;
    this.#at = to;
    this.#rows = 0;
    this.#since = performance.now();
  }

  #pass({ from, to, scanned }: Stretch): void {
    const at = this.#at;
    if (at && !isAfter(from, at) && isAfter(to, at)) this.passed(to, scanned);
  }
}
