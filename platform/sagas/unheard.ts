/**
 * Finds messages whose saga was not woken. `platform.signal_saga` writes a message and wakes the parked saga, in one
 * transaction. A process of a release without parked sagas only writes it, and so does a person by hand
 * (`dbos.send_message`): then a worker finds it here.
 */
import type { Pool } from 'pg';
import { OWN_TOPICS } from './enqueue.ts';

/** Reach of a worker's first look into the past. */
const FIRST_MS = 86_400_000;
/** Looks overlap: a message has the time at which its transaction began, and none is longer than this (db/pool.ts). */
const OVERLAP_MS = 60_000;
/** Most sagas woken per look; the others follow at the next. */
const WOKEN = 500;

/**
 * An index by time. The engine's table has one by saga only, and keeps messages of ended sagas, heard or not, as long
 * as those. With this one a look reads the few new messages, however many sagas are parked.
 */
const INDEX = `do $$ begin
  if to_regclass('dbos.agora_unheard') is null then
    create index agora_unheard on dbos.notifications (created_at_epoch_ms) where not consumed;
  end if;
end $$`;

/** Creates the index by time. Call it as the owner of the engine's tables, once they are there. */
export async function indexUnheard(pool: Pool): Promise<void> {
  await pool.query(INDEX);
}

/** A worker's search for such messages. */
export class Unheard {
  readonly #pool: Pool;
  #lookedAt: number | undefined;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Wakes parked sagas with a message that would have kept them from being parked (`park_saga`). */
  async wake(): Promise<void> {
    const now = performance.now();
    const reach = this.#lookedAt === undefined ? FIRST_MS : now - this.#lookedAt + OVERLAP_MS;
    const { rows } = await this.#pool.query<{ id: string }>(
      // Scalar lookups per message: cheap for a few messages, where a plan that joins whole tables is not.
      `with recent as materialized
         (select distinct destination_uuid as id, topic from dbos.notifications
           where not consumed and created_at_epoch_ms > (extract(epoch from now()) * 1000)::bigint - $1::bigint)
       select distinct id from recent
        where (select status from dbos.workflow_status where workflow_uuid = id) = 'DELAYED'
          and (topic = any ($2) or topic in (select w.topic from platform.saga_wait w where w.saga_id = id))
        limit $3`,
      [Math.ceil(reach), Object.values(OWN_TOPICS), WOKEN],
    );
    // One statement each: a saga that is locked elsewhere must not hold up the others.
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
