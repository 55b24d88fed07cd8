/** What clients sent and what they were answered: one line of JSON each, on disk as soon as it is known. */
import { appendFileSync, readFileSync } from 'node:fs';

/** An order as its client sent it. Sent again with the same key, it is the same order. */
export interface Sent {
  kind: 'sent';
  key: string;
  customerId: string;
  token: string;
  lines: { variantId: string; quantity: number }[];
  /** How it must end, where that depends on nothing else. */
  ends?: 'PROCESSING' | 'CANCELLED';
}

/** What a client was told, or that it was told nothing. */
export type Entry =
  | Sent
  | { kind: 'accepted'; key: string; orderId: string }
  | { kind: 'refused'; key: string; code: string }
  /** Told that it did not work: whether it did, the client does not know. */
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

/** Reads one. */
export const readHistory = (file: string): Entry[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Entry);
