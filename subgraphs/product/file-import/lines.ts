/** Reading of lines from a stream of bytes. */

/** The longest line that is read, in bytes. */
export const MAX_LINE = 262_144;
/** The most lines of a file, blank ones too: each costs its part of a chunk of the job. */
export const MAX_LINES = 100_000;
const NEWLINE = 0x0a;

/** Lines, and where the next one begins. */
export interface ReadLines {
  /** The texts in order; null for a line that is too long. The last one may end without a line end. */
  lines: (string | null)[];
  /** Number of bytes of these lines, with their ends. */
  bytes: number;
  /** Whether the content has ended with them. */
  isEnd: boolean;
}

/** Reads the first lines of a content: so many, and of no more bytes than that, but one at least if there is one. */
export async function readLines(
  content: AsyncIterable<Uint8Array>,
  { maxLines, maxBytes }: { maxLines: number; maxBytes: number },
): Promise<ReadLines> {
  const lines: (string | null)[] = [];
  let bytes = 0;
  let kept: Uint8Array[] = [];
  let length = 0;
  const end = (): void => {
    lines.push(length > MAX_LINE ? null : Buffer.concat(kept).toString('utf8'));
    kept = [];
    length = 0;
  };
  const take = (piece: Uint8Array): void => {
    length += piece.length;
    // What is too long is counted, and not kept.
    if (length <= MAX_LINE) kept.push(piece);
    else kept = [];
  };
  for await (const chunk of content) {
    for (let from = 0; from < chunk.length; ) {
      const at = chunk.indexOf(NEWLINE, from);
      take(chunk.subarray(from, at < 0 ? undefined : at));
      if (at < 0) break;
      bytes += length + 1;
      end();
      from = at + 1;
      if (lines.length === maxLines || bytes >= maxBytes) return { lines, bytes, isEnd: false };
    }
  }
  if (length > 0) {
    bytes += length;
    end();
  }
  return { lines, bytes, isEnd: true };
}

/** Counts the lines of a content, up to one more than `most`: then it reads no further. */
export async function countLines(content: AsyncIterable<Uint8Array>, most: number): Promise<number> {
  let lines = 0;
  let last = NEWLINE;
  for await (const chunk of content) {
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1))
      if (++lines > most) return lines;
    last = chunk.at(-1) ?? last;
  }
  return last === NEWLINE ? lines : lines + 1;
}
