import type { Frame } from './frame.ts';

/** What is kept for those who come back or catch up, at most: a group has its own, and most groups are small. */
const MAX_FRAMES = 16;
const MAX_SIZE = 64 * 1024;

/** The last frames of a group, by their cursors. */
export class Recent {
  readonly #frames: Frame[] = [];
  #size = 0;

  /** The newest. Without a cursor nobody can ask for what came after it. */
  add(frame: Frame): void {
    if (frame.cursor === undefined) return;
    this.#frames.push(frame);
    this.#size += frame.size;
    while (this.#frames.length > MAX_FRAMES || (this.#size > MAX_SIZE && this.#frames.length > 1)) {
      this.#size -= this.#frames.shift()!.size;
    }
  }

  /** All that came after this cursor; undefined if its frame is not here (any more). */
  after(cursor: string): readonly Frame[] | undefined {
    const index = this.#frames.findLastIndex((frame) => frame.cursor === cursor);
    return index < 0 ? undefined : this.#frames.slice(index + 1);
  }
}
