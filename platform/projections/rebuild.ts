/**
 * A rebuild of a projection beside the old one: a second set of its tables is filled from the owners and then follows
 * the log, by a consumer of its own, while the first goes on and is read. Once the second has applied all that the first
 * has, one transaction exchanges them. All that is known of it is in the database, so any process of the agent goes on
 * with it: one that dies leaves the old set as it was.
 */
import type { Kysely } from 'kysely';
import { Bell } from '../bell.ts';
import type { Consumer } from '../consumers/consumer.ts';
import { isTransient } from '../errors.ts';
import type { Logger } from '../log.ts';
import { sleep } from '../sleep.ts';
import type { Place } from './projection.ts';
import {
  askAgain,
  beginRebuild,
  clearRebuild,
  type Finish,
  finishRebuild,
  isForVersion,
  readRebuild,
} from './rebuild-row.ts';

/** Options of a projection's rebuilds. */
export interface RebuildOptions {
  place: Place;
  /** The version of its rows in this process. */
  version: number;
  /** The event types that it handles in this process. */
  types: readonly string[];
  kysely: Kysely<any>;
  log: Logger;
  /** Makes the consumer that fills the second set. */
  consumer(): Consumer;
}

/** Milliseconds between two attempts to finish. */
const FINISH_MS = 250;
/** Code of a lock that was not given in time. */
const LOCK_NOT_AVAILABLE = '55P03';

/** Carries rebuilds of one projection out, whoever asks for them. */
export class Rebuild {
  readonly #o: RebuildOptions;
  readonly #types: string;
  readonly #bell = new Bell();

  constructor(options: RebuildOptions) {
    this.#o = options;
    this.#types = options.types.toSorted().join();
  }

  /** Has it look for a rebuild that is asked for or given up. */
  lookAgain(): void {
    this.#bell.ring();
  }

  /** Works until aborted. Never rejects: what fails is tried again when it is woken. */
  async run(signal: AbortSignal): Promise<void> {
    const { log, place } = this.#o;
    for (;;) {
      await this.#bell.wait(signal);
      if (signal.aborted) return;
      this.#bell.silence();
      try {
        await this.#carryOut(signal);
      } catch (error) {
        log.warn({ err: error, consumer: place.consumer }, 'a rebuild will be tried again');
      }
    }
  }

  async #carryOut(signal: AbortSignal): Promise<void> {
    const { kysely, place, version, types } = this.#o;
    while (!signal.aborted) {
      const row = await readRebuild(kysely, place);
      if (!row?.rebuild) return;
      if (row.rebuild === 'GIVEN_UP') return clearRebuild(kysely, place);
      const isMine = row.types.join() === this.#types && isForVersion(row, version);
      if (!isMine) return;
      if (row.rebuild === 'ASKED') {
        if (!(await beginRebuild(kysely, place, { types, version }))) return;
        this.#o.log.info({ consumer: place.consumer, version }, 'a rebuild begins');
      } else if (row.nextTypes?.join() !== this.#types) await askAgain(kysely, place);
      else await this.#follow(signal);
    }
  }

  /** Runs the consumer of the second set until both sets are exchanged, or the rebuild is another's or given up. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { log, place, version } = this.#o;
    const over = new AbortController();
    const until = AbortSignal.any([signal, over.signal]);
    const failed = new AbortController();
    const running = this.#o
      .consumer()
      .run(until)
      .catch((error) => failed.abort(error));
    try {
      for (let finish: Finish = 'BEHIND'; finish === 'BEHIND'; ) {
        await sleep(FINISH_MS, AbortSignal.any([until, failed.signal]));
        if (signal.aborted) return;
        finish = await this.#finish();
        // A consumer whose row another process has removed fails: that is no failure of the rebuild.
        if (finish === 'BEHIND') failed.signal.throwIfAborted();
        if (finish === 'FINISHED')
          log.info({ consumer: place.consumer, version }, 'a rebuild has taken the place of the old tables');
      }
    } finally {
      over.abort();
      await running;
    }
  }

  async #finish(): Promise<Finish> {
    const { kysely, place, version, log } = this.#o;
    try {
      return await finishRebuild(kysely, place, version);
    } catch (error) {
      const isLocked = (error as { code?: unknown }).code === LOCK_NOT_AVAILABLE;
      if (!isLocked && !isTransient(error)) throw error;
      log.warn({ err: error, consumer: place.consumer }, 'the exchange of a rebuilt projection will be tried again');
      return 'BEHIND';
    }
  }
}
