/** What one process knows of the place of a consumer, between two batches: from its own reads and from the log's tail. */
import { type Cursor, isAfter, isSame } from '../events/cursor.ts';
import type { Stretch } from '../events/log-tail.ts';

/** Events passed over without interest before the stored cursor is moved for them alone. */
const MOST_ROWS = 2000;
/** How long a stored cursor stays behind at most, in milliseconds: the retention of the log goes by it. */
const LONGEST_MS = 900_000;

/** Where a consumer is, and whether something is there for it. */
export class KnownPlace {
  readonly #types: ReadonlySet<string>;
  /** The cursor as it was stored when it was last read. */
  #stored: Cursor | undefined;
  /** Between the stored cursor and this there is nothing for it. */
  #at: Cursor | undefined;
  #rows = 0;
  #since = performance.now();
  /** Up to where the tail has told of something for it. */
  #news: Cursor | undefined;
  /** What the tail told while a batch was read: whether it joins to the end of the batch is known afterwards. */
  #later: Stretch[] | undefined;

  constructor(types: readonly string[]) {
    this.#types = new Set(types);
  }

  /** The stored cursor, and up to where nothing is there for it. Undefined before its first batch. */
  get known(): { stored: Cursor; at: Cursor } | undefined {
    return this.#stored && this.#at && { stored: this.#stored, at: this.#at };
  }

  /** Whether the log has events for it that it has not read. */
  get hasNews(): boolean {
    return this.#news !== undefined && (this.#at === undefined || isAfter(this.#news, this.#at));
  }

  /** Whether the stored cursor lies so far behind that moving it is worth a write. */
  get isWorthMoving(): boolean {
    if (!this.#stored || !this.#at || isSame(this.#stored, this.#at)) return false;
    return this.#rows >= MOST_ROWS || performance.now() - this.#since > LONGEST_MS;
  }

  /** The tail has read on. */
  hear(stretch: Stretch): void {
    if (!stretch.types.isDisjointFrom(this.#types)) this.#news = stretch.to;
    else if (this.#later) this.#later.push(stretch);
    else this.#pass(stretch);
  }

  /** Has what the tail tells meanwhile wait. */
  beginBatch(): void {
    this.#later = [];
  }

  endBatch(): void {
    const later = this.#later ?? [];
    this.#later = undefined;
    for (const stretch of later) this.#pass(stretch);
  }

  /** Where to read on, for a stored cursor: behind what is known to be without interest. */
  from(stored: Cursor): Cursor {
    if (this.#stored && this.#at && isSame(this.#stored, stored)) return this.#at;
    this.moved(stored);
    return stored;
  }

  /** Between the stored cursor and this place nothing was found. */
  passed(at: Cursor, rows: number): void {
    if (!this.#at || isAfter(at, this.#at)) this.#at = at;
    this.#rows += rows;
  }

  /** The stored cursor is here now. */
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
