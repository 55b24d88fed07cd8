/**
 * Who works, and what nobody works on. Each saga worker keeps a lease; DBOS writes down which worker has claimed a saga.
 * A saga whose worker has no lease, or has lost sight of it, goes back into the queue.
 *
 * A worker that was only slow may still be at a step of a saga that it has lost. Two things guard that: its next write
 * is refused, since every claim has an ownership token of its own (DBOS, `owner_xid`), and so it lets go of the saga;
 * and what its step does meanwhile is done once, since both ask with the step's key.
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Pool } from 'pg';
import { isEngineFault } from './engine-fault.ts';
import { SAGA_APPLICATION } from './enqueue.ts';
import { QUEUES } from './queues.ts';

/** For how long after it was recorded an end by mistake is looked for: workers look all the time. */
export const MISTAKE_SECONDS = 3600;

/** How long a worker counts as alive after its last sign. By the database's clock, so that no host's matters. */
export const LEASE_SECONDS = 5;

const LOCK = `select pg_advisory_xact_lock(hashtextextended('agora.sagas.takeover', 0))`;

/** A saga that nobody works on: by the claim that came to nothing, or as DBOS ended it. */
interface Left {
  id: string;
  status: 'PENDING' | 'ERROR';
  owner: string | null;
}

/** One worker's lease. */
export class Lease {
  /** What DBOS calls this worker. Never used again, not even by the same instance after a restart. */
  readonly executor: string;
  readonly #pool: Pool;
  readonly #instance: string;
  /** Claimed by us, but not running here, when we looked last: the claim was made, and its answer lost. */
  #strays = new Map<string, string | null>();

  constructor(pool: Pool, instance: string) {
    this.#pool = pool;
    this.#instance = instance;
    this.executor = `${instance}:${randomBytes(6).toString('hex')}`;
  }

  /** Gives a sign of life. */
  async keep(): Promise<void> {
    await this.#pool.query(
      `insert into platform.saga_worker (executor, instance, host, pid, expires_at)
       values ($1, $2, $3, $4, now() + make_interval(secs => $5))
       on conflict (executor) do update set expires_at = excluded.expires_at`,
      [this.executor, this.#instance, hostname(), process.pid, LEASE_SECONDS],
    );
  }

  /** At the start: of those of our name on this host, whose process is gone the lease need not run out. */
  async succeed(): Promise<void> {
    const { rows } = await this.#pool.query<{ executor: string; pid: number }>(
      'select executor, pid from platform.saga_worker where instance = $1 and host = $2 and executor <> $3',
      [this.#instance, hostname(), this.executor],
    );
    const gone = rows.filter(({ pid }) => isGone(pid)).map(({ executor }) => executor);
    await this.#pool.query('delete from platform.saga_worker where executor = any($1)', [gone]);
  }

  /**
   * Puts back into the queue what dead workers left, what we have claimed but do not run, and what DBOS ended for a
   * infrastructure fault. The ids.
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
    // Seen twice: at first sight it may be on its way from the claim to its run, or from its run to its end.
    const strays = ours.filter(({ id, owner }) => this.#strays.get(id) === owner);
    this.#strays = new Map(ours.map(({ id, owner }) => [id, owner]));
    return this.#putBack([...rows.filter((row) => !row.is_ours), ...strays, ...(await this.#endedByMistake())]);
  }

  /** A saga's end is DBOS's to record, and what goes wrong in that, it records as the saga's own error. */
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

  /** Gives up the lease, and what is unfinished, so that others need not wait. */
  async leave(): Promise<void> {
    const { rows } = await this.#pool.query<Left>(
      `with gone as (delete from platform.saga_worker where executor = $1)
       select workflow_uuid as id, status, owner_xid as owner from dbos.workflow_status
        where status = 'PENDING' and executor_id = $1`,
      [this.executor],
    );
    await this.#putBack(rows);
  }

  /** Without counting it as a failure of the saga: DBOS buries one that was recovered too often. */
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
      client.release(true); // Which rolls it back.
      throw error;
    }
  }
}

/** Our own number is that of a predecessor, too: in a container every process has the same. */
function isGone(pid: number): boolean {
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
