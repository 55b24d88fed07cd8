/**
 * A subscriber that follows all orders, over one gateway or the other, and resumes after the last cursor when cut off.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { admin } from '../support/agents.ts';
import type { ClusterPlatform } from '../support/cluster-platform.ts';

const UPDATED = `subscription ($after: String) { orderUpdated(after: $after) { cursor } }`;
/** How long after everything has ended the last event may still come. Milliseconds. */
const PATIENCE_MS = 60_000;

/** A follower. */
export interface Follower {
  /** How often its connection was cut. */
  readonly cuts: number;
  /** Waits until it has seen all events. Returns the violations: events lost, repeated or in another order. */
  end(): Promise<string[]>;
}

/** Begins to follow now. */
export async function follow({ cluster, through, kysely }: ClusterPlatform): Promise<Follower> {
  const gateways = cluster.members.filter(({ name }) => name.startsWith('gateway')).map(({ name }) => name);
  const begin = await lastCursor(kysely);
  const seen: string[] = [];
  let [cuts, isOver] = [0, false];

  const run = async (): Promise<void> => {
    for (let turn = 0; !isOver; turn++) {
      const watch = through(gateways[turn % gateways.length]!).watch(UPDATED, { after: seen.at(-1) ?? begin }, admin);
      let isCut = false;
      void watch.ended.then(() => (isCut = true));
      let taken = 0;
      while (!isOver && !isCut && !watch.failure) {
        await sleep(20);
        for (; taken < watch.events.length; taken++) {
          const cursor = watch.events[taken].data?.orderUpdated?.cursor;
          if (cursor) seen.push(cursor);
          else isCut = true;
        }
      }
      await watch.stop();
      if (!isOver) cuts++;
      await sleep(100);
    }
  };
  const running = run();

  return {
    get cuts() {
      return cuts;
    },
    async end() {
      const due = await cursorsAfter(kysely, begin);
      for (const deadline = Date.now() + PATIENCE_MS; seen.length < due.length && Date.now() < deadline; )
        await sleep(50);
      isOver = true;
      await running;
      return JSON.stringify(seen) === JSON.stringify(due) ? [] : [differenceOf(seen, due)];
    },
  };
}

function differenceOf(seen: readonly string[], due: readonly string[]): string {
  const lost = due.filter((cursor) => !seen.includes(cursor)).length;
  return `a follower saw ${seen.length} of ${due.length} events, ${lost} never, ${seen.length - new Set(seen).size} again`;
}

const EVENTS = sql`platform.event_log where type in ('order.placed', 'order.status_changed')`;

const generationOf = async (kysely: Kysely<any>): Promise<string> =>
  (await kysely.selectFrom('platform.log_identity').select('generation').executeTakeFirstOrThrow()).generation;

async function lastCursor(kysely: Kysely<any>): Promise<string> {
  return (
    (await cursorsAfter(kysely, `${await generationOf(kysely)}.0.0`)).at(-1) ?? `${await generationOf(kysely)}.0.0`
  );
}

/** Cursors of all events of orders after that one, in the log's order. */
async function cursorsAfter(kysely: Kysely<any>, after: string): Promise<string[]> {
  const [generation, xid, position] = after.split('.');
  const { rows } = await sql<{ place: string }>`
    select xid || '.' || position as place from ${EVENTS}
       and (xid, position) > (${xid}::xid8, ${position}::bigint) order by xid, position`.execute(kysely);
  return rows.map(({ place }) => `${generation}.${place}`);
}
