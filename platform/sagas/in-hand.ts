/**
 * A saga that this worker has in hand. While it works it holds a place of its queue; when all its steps that are under
 * way wait, and for longer than a moment, it is parked: its row says until when, nothing of it stays in memory, and its
 * place is another's. It comes back by its time, a message, an operator's word or the end of the saga it waits for, as
 * after a crash: over its kept steps. So it makes no difference when a worker dies: before the one statement that parks
 * it, it is taken over; after that, nobody has it.
 */
import type { Pool } from 'pg';
import { NO_WAITS, parkSaga, readWaits, type Wait, type Waits } from './waits.ts';

/** A saga is parked if it must wait for longer than this; what is shorter is waited for with the saga in hand. */
export const PARK_AFTER_MS = 2000;

/** Where a saga is in hand, and how it came there. */
export interface Taken {
  pool: Pool;
  executor: string;
  id: string;
  /** Its place among those of its worker: the first come is the first served. */
  place: number;
  /** Whether it was parked before. */
  wasParked: boolean;
}

/** One run of a saga. */
export class InHand {
  readonly id: string;
  readonly place: number;
  /** Resolves when it has been parked, or is found to be in other hands: nothing of it goes on here any more. */
  readonly left: Promise<void>;
  readonly #taken: Taken;
  readonly #leave: () => void;
  readonly #underWay = new Set<string>();
  readonly #waiting = new Map<string, Wait>();
  #waits: Promise<Waits> | undefined;
  #parking: Promise<'PARKED' | 'MESSAGE_WAITING' | 'NO'> | undefined;
  #received = 0;
  #hasListened = false;

  constructor(taken: Taken) {
    this.#taken = taken;
    this.id = taken.id;
    this.place = taken.place;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.left = promise;
    this.#leave = resolve;
  }

  /** Whether anything is written down of what it waits for. */
  get hasWaits(): boolean {
    return this.#taken.wasParked || this.#hasListened;
  }

  /** What it waited for when it was parked. Read once, and only if it was. */
  async waits(): Promise<Waits> {
    if (!this.hasWaits) return NO_WAITS;
    this.#waits ??= readWaits(this.#taken.pool, this.id);
    return this.#waits.catch((error) => {
      this.#waits = undefined;
      throw error;
    });
  }

  /** It has been told something while it was in hand: what it waits for is read anew. */
  listen(): Promise<Waits> {
    this.#hasListened = true;
    this.#waits = undefined;
    return this.waits();
  }

  /** The number of the message that it receives, from zero. */
  nextMessage(): number {
    return this.#received++;
  }

  begins(step: string): void {
    this.#underWay.add(step);
  }

  ends(step: string): void {
    this.#underWay.delete(step);
    this.#waiting.delete(step);
  }

  /** A step has nothing to do for some time. */
  rests(wait: Wait): void {
    this.#waiting.set(wait.step, wait);
  }

  goesOn(step: string): void {
    this.#waiting.delete(step);
  }

  /**
   * Parks it, if no step of it works. `MESSAGE_WAITING`: there is something to hear first. `NO`: not now, or it cannot be written
   * down; it is waited for with the saga in hand.
   */
  park(): Promise<'PARKED' | 'MESSAGE_WAITING' | 'NO'> {
    this.#parking ??= this.#park().finally(() => (this.#parking = undefined));
    return this.#parking;
  }

  async #park(): Promise<'PARKED' | 'MESSAGE_WAITING' | 'NO'> {
    if ([...this.#underWay].some((step) => !this.#waiting.has(step))) return 'NO';
    const { pool, executor, id } = this.#taken;
    const outcome = await parkSaga(pool, id, executor, [...this.#waiting.values()]).catch(() => 'NO' as const);
    if (outcome === 'NO' || outcome === 'MESSAGE_WAITING') return outcome;
    this.#leave();
    return 'PARKED';
  }
}
