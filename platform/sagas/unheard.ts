/**
 * Messages that nobody woke their saga for. `platform.signal_saga` writes a message and wakes who waits for it, in one
 * transaction. A process of a release that knows no parked sagas only writes it, and so does a person by hand
 * (`dbos.send_message`): then a worker finds it here.
 */
import type { Pool } from 'pg';
import { OWN_TOPICS } from './enqueue.ts';

/** How far back the first look of a worker goes. */
const FIRST_MS = 86_400_000;
/** Looks overlap: a message has the time at which its transaction began, and none is longer than this (db/pool.ts). */
const OVERLAP_MS = 60_000;
/** So many are woken at one look; the others at the next. */
const WOKEN = 500;

/**
 * The engine's table has an index by saga only, and keeps the messages of ended sagas, heard or not, as long as those. With
 * this one a look begins from the few that are new, however many sagas are parked.
 */
const INDEX = `do $$ begin
  if to_regclass('dbos.agora_unheard') is null then
    create index agora_unheard on dbos.notifications (created_at_epoch_ms) where not consumed;
  end if;
end $$`;

/** Has messages found by their time. Once the engine's tables are there, by who owns them. */
export async function indexUnheard(pool: Pool): Promise<void> {
  await pool.query(INDEX);
}

/** One worker's looking for them. */
export class Unheard {
  readonly #pool: Pool;
  #lookedAt: number | undefined;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Wakes the parked sagas for which there is a message that would have kept them from being parked (`park_saga`). */
  async wake(): Promise<void> {
    const now = performance.now();
    const reach = this.#lookedAt === undefined ? FIRST_MS : now - this.#lookedAt + OVERLAP_MS;
    const { rows } = await this.#pool.query<{ id: string }>(
      // The lookups one by one: of few messages that is nothing, and a plan that joins whole tables is much.
      `with recent as materialized
         (select distinct destination_uuid as id, topic from dbos.notifications
           where not consumed and created_at_epoch_ms > (extract(epoch from now()) * 1000)::bigint - $1::bigint)
       select distinct id from recent
        where (select status from dbos.workflow_status where workflow_uuid = id) = 'DELAYED'
          and (topic = any ($2) or topic in (select w.topic from platform.saga_wait w where w.saga_id = id))
        limit $3`,
      [Math.ceil(reach), Object.values(OWN_TOPICS), WOKEN],
    );
    // Each by itself: one that somebody holds a lock of must not hold up the others.
    let woken = 0;
    for (const { id } of rows) {
      const isWoken = await this.#pool.query('select platform.wake_saga($1)', [id]).then(
        () => true,
        () => false,
      );
      if (isWoken) woken++;
    }
    if (woken === rows.length && woken < WOKEN) this.#lookedAt = now;
  }
}
