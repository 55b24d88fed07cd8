/**
 * A projection fills itself from the owners, page by page, before it follows the log. A page is read by commands,
 * outside any transaction; it is applied in one, in which the place of the next page is kept: so each page counts once,
 * wherever a process dies. The consumer's cursor was taken before the first page was read and stays meanwhile. So events
 * come afterwards about what a page has told already: a handler compares versions, and does nothing about an older one.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Kysely } from 'kysely';
import { inTurn } from '../data/in-turn.ts';
import { lock } from '../data/locks.ts';
import { raw } from '../data/raw.ts';
import { append, type Envelope } from '../events/event-log.ts';
import type { EventSigner } from '../events/signing.ts';
import { newId } from '../ids.ts';
import { openWork, type Work } from '../store/store.ts';
import { hold } from './cursor-row.ts';

/** What a page is read with. */
export interface BackfillTools {
  /** Where the page begins, as the page before it said; null for the first. */
  after: string | null;
  /** For `ask`: the same for a whole page, and ended with the process. */
  within: { correlationId: string; signal: AbortSignal };
}

/** A page that was read. */
export interface BackfillPage<DB = any> {
  /** Where the next one begins; null if this is the last. */
  next: string | null;
  /** How many things it tells of, for whoever watches the progress. */
  count: number;
  /** The aggregates to lock for it: those of which `apply` publishes events. */
  locks?: readonly string[];
  /** Writes it, within a second: about a hundred rows. */
  apply(work: Work<DB>): Promise<void>;
}

/** Reads one page from the owners. */
export type Backfill<DB = any> = (tools: BackfillTools) => Promise<BackfillPage<DB>>;

/** What a consumer is filled with. */
export interface FillOptions {
  agent: string;
  kysely: Kysely<any>;
  /** Connections to PostgreSQL itself. */
  sessions: Kysely<any>;
  orm: MikroORM;
  signer?: EventSigner;
  backfill?: Backfill;
  /** Told of what `apply` published, after the commit. */
  onPublished(events: readonly Envelope[]): void;
}

/** Where a consumer's filling is. */
interface Progress {
  filling: number;
  after: string | null;
}

/**
 * Fills the consumer until it is filled or the signal aborts; returns at once where another process does.
 * @throws what reading or applying a page throws; the next call goes on behind the last page that was applied
 */
export async function fill(options: FillOptions, signal: AbortSignal): Promise<void> {
  const { agent, kysely, backfill } = options;
  if (!backfill) return finish(kysely, agent);
  await inTurn(options.sessions, `${agent}/backfill`, async () => {
    for (let at = await progressOf(kysely, agent); at && !signal.aborted; at = await progressOf(kysely, agent)) {
      const within = { correlationId: newId('req'), signal };
      await apply(options, at, await backfill({ after: at.after, within }), within.correlationId);
    }
  });
}

/** Has a consumer filled anew, from the first page on, in the caller's transaction. Its cursor stays. */
export async function refill(transaction: Kysely<any>, consumer: string): Promise<boolean> {
  await hold(transaction, consumer);
  const { count } = await raw(
    transaction,
    `update platform.log_cursor set status = 'BACKFILLING', filling = filling + 1, backfill_after = null, backfilled = 0
      where consumer = $1 and has_backfill`,
    [consumer],
  );
  return count > 0;
}

/** Undefined once it is filled. */
async function progressOf(kysely: Kysely<any>, agent: string): Promise<Progress | undefined> {
  const { rows } = await raw<Progress>(
    kysely,
    `select filling, backfill_after as after from platform.log_cursor where consumer = $1 and status = 'BACKFILLING'`,
    [agent],
  );
  return rows[0];
}

/** Applies a page, unless it was applied meanwhile or a new filling has begun. */
async function apply(
  { agent, kysely, orm, signer, onPublished }: FillOptions,
  { filling, after }: Progress,
  page: BackfillPage,
  correlationId: string,
): Promise<void> {
  let published: readonly Envelope[] = [];
  await kysely.transaction().execute(async (transaction) => {
    await hold(transaction, agent);
    await lock(transaction, page.locks ?? []);
    const now = await progressOf(transaction, agent);
    if (now?.filling !== filling || now.after !== after) return;
    const session = openWork({ agent, orm, transaction, origin: { correlationId } });
    await page.apply(session.work);
    published = await session.flush();
    await append(transaction, published, signer);
    await raw(
      transaction,
      `update platform.log_cursor set backfill_after = $2, backfilled = backfilled + $3,
              status = case when $2::text is null then 'FOLLOWING' else 'BACKFILLING' end
        where consumer = $1`,
      [agent, page.next, page.count],
    );
  });
  onPublished(published);
}

/** Of an agent that fills itself no more. */
async function finish(kysely: Kysely<any>, agent: string): Promise<void> {
  await raw(
    kysely,
    `update platform.log_cursor set status = 'FOLLOWING' where consumer = $1 and status = 'BACKFILLING'`,
    [agent],
  );
}
