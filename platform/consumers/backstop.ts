/**
 * The backstop finds work that the tail of the log does not tell of: a cursor that was moved back, a backfill that was
 * restarted, a parked event that is due, a process that handles other types. One statement every two seconds asks for
 * all idle consumers of a process. It looks for events as well, in case the tail's message was lost.
 */
import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';
import type { Logger } from '../log.ts';
import { sleep } from '../sleep.ts';
import type { KnownPlace } from './place.ts';
import { DUE, isFor } from './parked.ts';

/** Milliseconds between two polls. */
export const BACKSTOP_MS = 2000;

/** A consumer that is woken when there is work for it. */
export interface Waiting {
  /** The consumer's name. */
  agent: string;
  kysely: Kysely<any>;
  /** Event types that this process handles. */
  types: readonly string[];
  place: KnownPlace;
  /** Whether it waits for work. */
  isIdle(): boolean;
  wake(): void;
}

/** Polls for the idle consumers of one process. */
export class Backstop {
  readonly #consumers = new Set<Waiting>();
  readonly #log: Pick<Logger, 'warn'>;

  constructor(log: Pick<Logger, 'warn'>) {
    this.#log = log;
  }

  /** Adds a consumer. Returns the function that removes it. */
  join(consumer: Waiting): () => void {
    this.#consumers.add(consumer);
    return () => void this.#consumers.delete(consumer);
  }

  /** Polls every two seconds until aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(BACKSTOP_MS * (0.9 + Math.random() / 5), signal);
      if (signal.aborted) return;
      const idle = [...this.#consumers].filter((consumer) => consumer.isIdle());
      for (const consumer of idle) if (consumer.place.isWorthMoving) consumer.wake();
      await Promise.all(
        [...Map.groupBy(idle, ({ kysely }) => kysely)].map(([kysely, some]) => this.#look(kysely, some)),
      );
    }
  }

  async #look(kysely: Kysely<any>, consumers: readonly Waiting[]): Promise<void> {
    try {
      const names = new Set(await withWork(kysely, consumers));
      for (const consumer of consumers) if (names.has(consumer.agent)) consumer.wake();
    } catch (error) {
      this.#log.warn({ err: error }, 'what waits for consumers will be looked for again');
    }
  }
}

/** Names of the consumers that have work, or are not registered any more. */
async function withWork(kysely: Kysely<any>, consumers: readonly Waiting[]): Promise<string[]> {
  const known = consumers.map(({ agent, types, place }) => {
    const { stored, at } = place.known ?? {};
    const follows = place.types;
    return {
      agent,
      types: types.toSorted(),
      follows,
      xid: stored?.xid,
      position: stored?.position,
      at_xid: at?.xid,
      at_position: at?.position,
    };
  });
  const { rows } = await raw<{ agent: string }>(
    kysely,
    `select w.agent
       from jsonb_to_recordset($1::jsonb) as w(agent text, types text[], follows jsonb, xid xid8, position bigint, at_xid xid8, at_position bigint)
       left join platform.log_cursor c on c.consumer = w.agent
      where c.consumer is null or w.xid is null or c.status = 'BACKFILLING' or c.rebuild is not null
         or (c.xid, c.position) < (w.xid, w.position)
         or c.types <> w.types or c.unhandled <> '{}'
         or exists (select from platform.parked_event p where p.consumer = w.agent and ${DUE} and ${isFor('w.types')})
         or exists (select from platform.event_log e
                     where e.xid >= w.at_xid and (e.xid, e.position) > (w.at_xid, w.at_position)
                       and e.xid < pg_snapshot_xmin(pg_current_snapshot()) and w.follows ? e.type)`,
    [JSON.stringify(known)],
  );
  return rows.map(({ agent }) => agent);
}
