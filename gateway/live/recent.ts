import type { Frame } from './frame.ts';

/** Most frames kept for subscribers that come back or catch up: a group has its own, and most groups are small. */
const MAX_FRAMES = 16;
const MAX_SIZE = 64 * 1024;

/** The last frames of a group, by their cursors. */
export class Recent {
  readonly #frames: Frame[] = [];
  #size = 0;

  /** Adds the newest frame. Without a cursor no subscriber can ask for the frames after it. */
  add(frame: Frame): void {
    if (frame.cursor === undefined) return;
    this.#frames.push(frame);
    this.#size += frame.size;
    while (this.#frames.length > MAX_FRAMES || (this.#size > MAX_SIZE && this.#frames.length > 1)) {
      this.#size -= this.#frames.shift()!.size;
    }
  }

  /** All frames after this cursor; undefined if its frame is not here (any more). */
  after(cursor: string): readonly Frame[] | undefined {
    const index = this.#frames.findLastIndex((frame) => frame.cursor === cursor);
    return index < 0 ? undefined : this.#frames.slice(index + 1);
  }
}
