/** Requests of clients and their answers: one line of JSON each, on disk as soon as it is known. */
import { appendFileSync, readFileSync } from 'node:fs';

/** An order as its client sent it. Sent again with the same key, it is the same order. */
export interface Sent {
  kind: 'sent';
  key: string;
  customerId: string;
  token: string;
  lines: { variantId: string; quantity: number }[];
  /** The status that it must end in, where that depends on nothing else. */
  ends?: 'PROCESSING' | 'CANCELLED';
}

/** A request, or its answer, or that there was none. */
export type Entry =
  | Sent
  | { kind: 'accepted'; key: string; orderId: string }
  | { kind: 'refused'; key: string; code: string }
  /** An answer that it failed: the client does not know whether it was done. */
  | { kind: 'failed'; key: string; code: string }
  /** No answer: the connection was refused, or ended. */
  | { kind: 'unanswered'; key: string; code: string };

/** Writes a history. */
export class History {
  readonly #file: string;
  readonly entries: Entry[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  add(entry: Entry): void {
    this.entries.push(entry);
    appendFileSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  /** How often each kind occurs. */
  counts(): Record<Entry['kind'], number> {
    const counts = { sent: 0, accepted: 0, refused: 0, failed: 0, unanswered: 0 };
    for (const { kind } of this.entries) counts[kind]++;
    return counts;
  }
}

/** Reads a history. */
export const readHistory = (file: string): Entry[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Entry);
