/**
 * Claims of jobs: a runner works on a job for as long as its claim is good. The claim of a process that dies runs out, and
 * another one takes the job.
 */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Clock } from '../clock.ts';
import { columnsOf } from '../data/entity-table.ts';
import { newUuid } from '../ids.ts';
import { type JobRow, JobSchema, type JobTables } from './job-entity.ts';

/** The most owners whose last turns a process remembers. One that is forgotten counts as one that had none. */
const MOST_SERVED = 1000;

/** The job is not ours any more: it was cancelled, or taken over. */
export class NotOurs extends Error {}

/** What the claims of a runner are made with. */
export interface ClaimsOptions {
  db: Kysely<JobTables>;
  clock: Clock;
  /** How long a claim is good without progress, in milliseconds. */
  leaseMs: number;
}

/** Claims of one runner. */
export type Claims = ReturnType<typeof createClaims>;

/** Creates the claims of one runner. */
export function createClaims({ db, clock, leaseMs }: ClaimsOptions) {
  const worker = newUuid();
  /** When owners had their last turns here, by kind, the earliest first. */
  const served = new Map<string, string>();

  /** Notes a turn of the job's owner, which begins or ends now. */
  const serve = ({ kind, ownerId, startedBy }: JobRow): void => {
    const turn = `${kind} ${ownerId ?? startedBy}`;
    served.delete(turn);
    served.set(turn, clock.now().toISOString());
    if (served.size > MOST_SERVED) served.delete(served.keys().next().value!);
  };

  const later = (ms: number): Date => new Date(clock.now().getTime() + ms);

  /** Jobs that may be begun now. */
  const due = () =>
    db
      .selectFrom('job')
      .select('id')
      .where('status', 'in', ['QUEUED', 'RUNNING'])
      .where('dueAt', '<=', clock.now())
      .limit(1);

  /** Narrows a query to the job if it is ours. */
  const mine = (id: string) => (query: any) =>
    query.where('id', '=', id).where('worker', '=', worker).where('status', '=', 'RUNNING');

  /** Gives a claim back; the job is tried again at that time. Does nothing if it is not ours any more. */
  const giveBack = async (
    id: string,
    dueAt: Date,
    more: Partial<Record<'failures' | 'attempts' | 'tries', RawBuilder<number>>> = {},
  ): Promise<void> => {
    await mine(id)(db.updateTable('job').set({ status: 'QUEUED', worker: null, dueAt, ...more })).execute();
  };

  return {
    later,
    mine,
    serve,
    giveBack,

    /** When a claim that is made or renewed now runs out. */
    until: (): Date => later(leaseMs),

    /**
     * Claims a job that is due, of these kinds: of the owner who has waited longest for a turn in this process, so that
     * nobody's many jobs keep another's waiting, and of theirs the one that is due first. An owner waits since the job is
     * due or their last turn, whichever was later: those who come anew would otherwise all go first.
     */
    async claim(kinds: readonly string[]): Promise<JobRow | undefined> {
      if (kinds.length === 0) return undefined;
      const lastTurn = sql<Date>`(select at from unnest(${[...served.keys()]}::text[], ${[...served.values()]}::timestamptz[])
        served (turn, at) where turn = kind || ' ' || coalesce(owner_id, started_by))`;
      const first = due()
        .where('kind', 'in', kinds)
        .orderBy(sql`greatest(due_at, ${lastTurn})`)
        .orderBy('dueAt')
        .orderBy('id')
        .forUpdate()
        .skipLocked();
      const job = await db
        .updateTable('job')
        .set((eb) => ({
          status: 'RUNNING',
          worker,
          dueAt: later(leaseMs),
          attempts: eb('attempts', '+', 1),
          tries: eb('tries', '+', 1),
          // A claim that has run out is a process that has died.
          failures: sql<number>`failures + case when status = 'RUNNING' then 1 else 0 end`,
          startedAt: sql<Date>`coalesce(started_at, ${clock.now()}::timestamptz)`,
          version: eb('version', '+', 1),
        }))
        // One value, so that it is looked for once: `in` may look for each row anew, and claim several.
        .where('id', '=', first)
        .returning(columnsOf(JobSchema))
        .executeTakeFirst();
      if (job) serve(job);
      return job;
    },

    /** Holds on to a claim while there is nothing to keep. @throws NotOurs */
    async renew(id: string): Promise<void> {
      const held = await mine(id)(db.updateTable('job').set({ dueAt: later(leaseMs) }))
        .returning('id')
        .execute();
      if (held.length === 0) throw new NotOurs();
    },

    /** Gives a claim back to those that wait for the place; the job is behind them, and goes on where it is. */
    yieldTurn: (id: string, ms: number): Promise<void> =>
      // It is not begun once more, but goes on.
      giveBack(id, later(ms), {
        attempts: sql<number>`attempts - 1`,
        tries: sql<number>`greatest(tries - 1, 0)`,
      }),

    /** Whether another job of this kind is due, and has no place. */
    isWaitedFor: async ({ id, kind }: JobRow): Promise<boolean> =>
      (await due().where('kind', '=', kind).where('id', '<>', id).executeTakeFirst()) !== undefined,
  };
}
