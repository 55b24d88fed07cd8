/**
 * A saga in the hands of this worker. While it works it holds a place of its queue; when all its current steps wait for
 * longer than a moment, it is parked: its row has the time until when, nothing of it stays in memory, and its place is
 * free. It resumes at its time, by a message, an operator's verdict or the end of the saga it waits for, as after a
 * crash: over its checkpoints. So a worker may die at any point: before the one statement that parks a saga, it is
 * taken over; after that, no worker holds it.
 */
import type { Pool } from 'pg';
import { NO_WAITS, parkSaga, readWaits, type Wait, type Waits } from './waits.ts';

/** A saga is parked for waits that are longer than this; during shorter ones it stays in hand. */
export const PARK_AFTER_MS = 2000;

/** A saga claimed by a worker. */
export interface Taken {
  pool: Pool;
  executor: string;
  id: string;
  /** Its number among those of its worker: first come, first served. */
  place: number;
  /** Whether it was parked before. */
  wasParked: boolean;
}

/** One run of a saga. */
export class InHand {
  readonly id: string;
  readonly place: number;
  /** Resolves when it has been parked, or was found in other hands: this run is over. */
  readonly left: Promise<void>;
  readonly #taken: Taken;
  readonly #leave: () => void;
  readonly #underWay = new Set<string>();
  readonly #waiting = new Map<string, Wait>();
  #waits: Promise<Waits> | undefined;
  #parking: Promise<'PARKED' | 'MESSAGE_WAITING' | 'NO'> | undefined;
  #received = 0;
  #stretches = 0;
  #hasListened = false;

  constructor(taken: Taken) {
    this.#taken = taken;
    this.id = taken.id;
    this.place = taken.place;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.left = promise;
    this.#leave = resolve;
  }

  /** Whether waits of it may be stored. */
  get hasWaits(): boolean {
    return this.#taken.wasParked || this.#hasListened;
  }

  /** Its waits when it was parked. Read once, and only if it was. */
  async waits(): Promise<Waits> {
    if (!this.hasWaits) return NO_WAITS;
    this.#waits ??= readWaits(this.#taken.pool, this.id);
    return this.#waits.catch((error) => {
      this.#waits = undefined;
      throw error;
    });
  }

  /** Reads its waits anew, after a message has come while it was in hand. */
  listen(): Promise<Waits> {
    this.#hasListened = true;
    this.#waits = undefined;
    return this.waits();
  }

  /** The number of the next message that it receives, from zero. */
  nextMessage(): number {
    return this.#received++;
  }

  /** The number of the next stretch that it comes to, from zero. */
  nextStretch(): number {
    return this.#stretches++;
  }

  begins(step: string): void {
    this.#underWay.add(step);
  }

  ends(step: string): void {
    this.#underWay.delete(step);
    this.#waiting.delete(step);
  }

  /** Notes that a step waits. */
  rests(wait: Wait): void {
    this.#waiting.set(wait.step, wait);
  }

  goesOn(step: string): void {
    this.#waiting.delete(step);
  }

  /**
   * Parks the saga if none of its steps works. `MESSAGE_WAITING`: a message comes first. `NO`: a step works, or the
   * parking cannot be stored; the saga waits in hand.
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
