/**
 * Backfill: a projection is filled from the owners, page by page, before it follows the log. A page is read by
 * commands, outside any transaction; it is applied in one that also stores the cursor of the next page, so each page
 * counts once, wherever a process dies. The consumer's log cursor is taken before the first page is read and stays
 * meanwhile. So events follow that a page already reflects: handlers compare versions, and ignore older ones.
 */
import type { Kysely } from 'kysely';
import { inTurn } from '../data/in-turn.ts';
import { lock } from '../data/locks.ts';
import { raw } from '../data/raw.ts';
import { append, type Envelope } from '../events/event-log.ts';
import type { EventSigner } from '../events/signing.ts';
import { newId } from '../ids.ts';
import { openWork, type Work } from '../store/store.ts';
import { hold } from './cursor-row.ts';

/** Tools for reading a page. */
export interface BackfillTools {
  /** Cursor of the page, from `next` of the page before; null for the first. */
  after: string | null;
  /** For `ask`: the same for a whole page, and ended with the process. */
  within: { correlationId: string; signal: AbortSignal };
}

/** A page of source data. */
export interface BackfillPage<DB = any> {
  /** Cursor of the next page; null if this is the last. */
  next: string | null;
  /** Number of items in it, for the progress. */
  count: number;
  /** The aggregates to lock for it: those of which `apply` publishes events. */
  locks?: readonly string[];
  /** Writes it, within a second: about a hundred rows. */
  apply(work: Work<DB>): Promise<void>;
}

/** Reads one page from the owners. */
export type Backfill<DB = any> = (tools: BackfillTools) => Promise<BackfillPage<DB>>;

/** Options of a backfill. */
export interface FillOptions {
  /** The consumer's name. */
  consumer: string;
  agent: string;
  /** The schema that its pages are written to. @default the agent's */
  schema?: string;
  kysely: Kysely<any>;
  /** The version of a projection's tables in this process: those of a later one are not filled. @default no tables */
  tablesVersion?: number;
  /** Direct connections to PostgreSQL. */
  sessions: Kysely<any>;
  signer?: EventSigner;
  backfill?: Backfill;
  /** Called with the events that `apply` published, after the commit. */
  onPublished(events: readonly Envelope[]): void;
}

/** Progress of a consumer's backfill. */
interface Progress {
  filling: number;
  after: string | null;
}

/**
 * Runs a consumer's backfill to its end or until the signal aborts; returns at once if another process runs it.
 * @throws the error of reading or applying a page; the next call goes on after the last page that was applied
 */
export async function fill(options: FillOptions, signal: AbortSignal): Promise<void> {
  const { consumer, kysely, backfill } = options;
  if (!backfill) return finish(kysely, consumer);
  await inTurn(options.sessions, `${consumer}/backfill`, async () => {
    const progress = () => progressOf(kysely, options);
    for (let at = await progress(); at && !signal.aborted; at = await progress()) {
      const within = { correlationId: newId('req'), signal };
      await apply(options, at, await backfill({ after: at.after, within }), within.correlationId);
    }
  });
}

/**
 * Restarts a consumer's backfill from the first page, in the caller's transaction. Its log cursor stays. A rebuild that
 * is under way begins anew, since it may have read past what is new.
 */
export async function refill(transaction: Kysely<any>, consumer: string): Promise<boolean> {
  await hold(transaction, consumer);
  const { count } = await raw(
    transaction,
    `update platform.log_cursor set status = 'BACKFILLING', filling = filling + 1, backfill_after = null, backfilled = 0,
            rebuild = case when rebuild = 'RUNNING' then 'ASKED' else rebuild end
      where consumer = $1 and has_backfill`,
    [consumer],
  );
  return count > 0;
}

/** The progress of a backfill; undefined once it is complete, or if it is a newer release's. */
async function progressOf(
  kysely: Kysely<any>,
  { consumer, tablesVersion }: Pick<FillOptions, 'consumer' | 'tablesVersion'>,
): Promise<Progress | undefined> {
  const { rows } = await raw<Progress>(
    kysely,
    `select filling, backfill_after as after from platform.log_cursor
      where consumer = $1 and status = 'BACKFILLING' and not coalesce(tables_version > $2, false)`,
    [consumer, tablesVersion ?? null],
  );
  return rows[0];
}

/** Applies a page, unless it was applied meanwhile or a new backfill has begun. */
async function apply(
  { consumer, tablesVersion, agent, schema, kysely, signer, onPublished }: FillOptions,
  { filling, after }: Progress,
  page: BackfillPage,
  correlationId: string,
): Promise<void> {
  let published: readonly Envelope[] = [];
  await kysely.transaction().execute(async (transaction) => {
    await hold(transaction, consumer);
    await lock(transaction, page.locks ?? []);
    const now = await progressOf(transaction, { consumer, tablesVersion });
    if (now?.filling !== filling || now.after !== after) return;
    const session = openWork({ agent, schema, transaction, origin: { correlationId } });
    await page.apply(session.work);
    published = session.events;
    await append(transaction, published, signer);
    await raw(
      transaction,
      `update platform.log_cursor set backfill_after = $2, backfilled = backfilled + $3,
              status = case when $2::text is null then 'FOLLOWING' else 'BACKFILLING' end
        where consumer = $1`,
      [consumer, page.next, page.count],
    );
  });
  onPublished(published);
}

/** Ends the backfill of a consumer that has no `backfill` any more. */
async function finish(kysely: Kysely<any>, consumer: string): Promise<void> {
  await raw(
    kysely,
    `update platform.log_cursor set status = 'FOLLOWING' where consumer = $1 and status = 'BACKFILLING'`,
    [consumer],
  );
}
