/**
 * Leases of saga workers, and the takeover of sagas. Each worker renews a lease; DBOS records which worker has claimed
 * a saga. A saga whose worker has no lease, or does not run it, goes back into the queue.
 *
 * A worker that was only slow may still run a step of a saga that it has lost. Two things guard against that: its next
 * write is refused, since every claim has a fencing token (DBOS, `owner_xid`), and so it lets go of the saga; and the
 * step's effect is there once, since both workers ask with the step's idempotency key.
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Pool } from 'pg';
import { isEngineFault } from './engine-fault.ts';
import { SAGA_APPLICATION } from './enqueue.ts';
import { QUEUES } from './queues.ts';

/** Seconds for which a recorded end may be corrected as a mistake: workers look all the time. */
export const MISTAKE_SECONDS = 3600;

/** Lease of a worker after its last heartbeat, by the database's clock. */
export const LEASE_SECONDS = 5;

const LOCK = `select pg_advisory_xact_lock(hashtextextended('agora.sagas.takeover', 0))`;

/** An orphaned saga: claimed by a worker that does not run it, or ended by DBOS by mistake. */
interface Left {
  id: string;
  status: 'PENDING' | 'ERROR';
  owner: string | null;
}

/** One worker's lease. */
export class Lease {
  /** Id of this worker in DBOS. Never used again, not even by the same instance after a restart. */
  readonly executor: string;
  readonly #pool: Pool;
  readonly #instance: string;
  /** Claims of ours without a run here at the last look: the claim's answer may have been lost. */
  #strays = new Map<string, string | null>();

  constructor(pool: Pool, instance: string) {
    this.#pool = pool;
    this.#instance = instance;
    this.executor = `${instance}:${randomBytes(6).toString('hex')}`;
  }

  /** Renews the lease (heartbeat). */
  async keep(): Promise<void> {
    await this.#pool.query(
      `insert into platform.saga_worker (executor, instance, host, pid, expires_at)
       values ($1, $2, $3, $4, now() + make_interval(secs => $5))
       on conflict (executor) do update set expires_at = excluded.expires_at`,
      [this.executor, this.#instance, hostname(), process.pid, LEASE_SECONDS],
    );
  }

  /** Ends, at the start, the leases of earlier processes of our name on this host that are gone. */
  async succeed(): Promise<void> {
    const { rows } = await this.#pool.query<{ executor: string; pid: number }>(
      'select executor, pid from platform.saga_worker where instance = $1 and host = $2 and executor <> $3',
      [this.#instance, hostname(), this.executor],
    );
    const gone = rows.filter(({ pid }) => isGone(pid)).map(({ executor }) => executor);
    await this.#pool.query('delete from platform.saga_worker where executor = any($1)', [gone]);
  }

  /**
   * Puts back into the queue the sagas of dead workers, those that we have claimed but do not run, and those that DBOS
   * ended for an infrastructure fault. Returns their ids.
   */
  async takeOver(running: readonly string[]): Promise<string[]> {
    const { rows } = await this.#pool.query<Left & { is_ours: boolean }>(
      `select workflow_uuid as id, status, owner_xid as owner, executor_id = $1 as is_ours
         from dbos.workflow_status s
        where status = 'PENDING' and application_version = $2
          and case when executor_id = $1 then workflow_uuid <> all($3)
              else not exists (select from platform.saga_worker w where w.executor = s.executor_id and w.expires_at > now()) end`,
      [this.executor, SAGA_APPLICATION.version, running],
    );
    const ours = rows.filter((row) => row.is_ours);
    // Seen twice in a row: once alone, it may be between its claim and its run, or between its run and its end.
    const strays = ours.filter(({ id, owner }) => this.#strays.get(id) === owner);
    this.#strays = new Map(ours.map(({ id, owner }) => [id, owner]));
    return this.#putBack([...rows.filter((row) => !row.is_ours), ...strays, ...(await this.#endedByMistake())]);
  }

  /** Finds sagas that DBOS ended with an error of its own: a fault while it records an end becomes the saga's error. */
  async #endedByMistake(): Promise<Left[]> {
    const { rows } = await this.#pool.query<Left & { error: string }>(
      `select s.workflow_uuid as id, s.status, s.owner_xid as owner, o.error
         from dbos.workflow_status s join dbos.workflow_output o using (workflow_uuid)
        where s.status = 'ERROR' and s.application_version = $1 and s.serialization = 'portable_json'
          and s.completed_at > (extract(epoch from now()) - $2) * 1000
        limit 1000`,
      [SAGA_APPLICATION.version, MISTAKE_SECONDS],
    );
    return rows.filter(({ error }) => isEngineFault(JSON.parse(error)));
  }

  /** Gives up the lease and the unfinished sagas, so that other workers need not wait. */
  async leave(): Promise<void> {
    const { rows } = await this.#pool.query<Left>(
      `with gone as (delete from platform.saga_worker where executor = $1)
       select workflow_uuid as id, status, owner_xid as owner from dbos.workflow_status
        where status = 'PENDING' and executor_id = $1`,
      [this.executor],
    );
    await this.#putBack(rows);
  }

  /** Puts sagas back with a recovery count of zero, since DBOS dead-letters a saga that was recovered too often. */
  async #putBack(left: readonly Left[]): Promise<string[]> {
    if (left.length === 0) return [];
    const client = await this.#pool.connect();
    try {
      await client.query('begin');
      await client.query(LOCK); // One worker at a time.
      await client.query(`delete from platform.saga_worker where expires_at < now() - interval '1 hour'`);
      const { rows } = await client.query<{ id: string }>(
        `update dbos.workflow_status s
            set status = 'ENQUEUED', owner_xid = null, started_at_epoch_ms = null, completed_at = null,
                recovery_attempts = 0, queue_name = coalesce(queue_name, $4),
                updated_at = (extract(epoch from now()) * 1000)::bigint
           from unnest($1::text[], $2::text[], $3::text[]) as was (id, status, owner)
          where workflow_uuid = was.id and s.status = was.status and owner_xid is not distinct from was.owner
         returning workflow_uuid as id`,
        [
          left.map(({ id }) => id),
          left.map(({ status }) => status),
          left.map(({ owner }) => owner),
          QUEUES.ORDINARY.name,
        ],
      );
      await client.query('commit');
      client.release();
      return rows.map(({ id }) => id);
    } catch (error) {
      client.release(true); // Closes the connection, which rolls back.
      throw error;
    }
  }
}

/** Whether a process is gone. Our own pid counts as gone: in a container the predecessor had the same. */
function isGone(pid: number): boolean {
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
