/** Delay from a commit in one process until a consumer and a live subscriber in another have the event. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { LinkedRelay } from '../platform/cluster/linked-relay.ts';
import { redisCluster } from '../platform/cluster/cluster.ts';
import { NotifyLink } from '../platform/cluster/notify-link.ts';
import { redisCarrier } from '../platform/cluster/redis-carrier.ts';
import type { NotifierRelay } from '../platform/events/notifier-relay.ts';
import { silentLogger as log } from '../platform/log.ts';
import { hasRedisServer, startRedis } from '../db/redis-server.ts';
import { openSmallAgent, type SmallAgent, smallFixture } from '../tests/support/small-agent.ts';
import { quantile, table } from './figures.ts';
import type { Size } from './run.ts';

/** Commits a second, at random moments: so rare that each finds its reader idle. */
const A_SECOND = 10;
const WARM_UP = 20;

/** Channels that wake other processes: their addresses, or none. */
interface Ways {
  redis?: string;
  notify?: string;
}

/** The relay over these channels, and a function that closes it. */
export async function connectRings({
  redis,
  notify,
}: Ways): Promise<{ relay?: NotifierRelay; close(): Promise<void> }> {
  const shared = redis ? await redisCluster({ url: redis, prefix: 'bench', log }) : undefined;
  const link = notify ? new NotifyLink({ url: notify, log }) : undefined;
  await link?.open();
  const carriers = [shared && redisCarrier(shared), link].filter((carrier) => carrier !== undefined);
  const relay = carriers.length > 0 ? new LinkedRelay(carriers) : undefined;
  const close = async (): Promise<void> => {
    await relay?.close();
    await Promise.all([shared?.redis.close(), link?.close()]);
  };
  return { relay, close };
}

/** Measures, and prints a table. */
export async function wakings({ seconds }: Size): Promise<void> {
  const small = await openSmallAgent();
  const server = hasRedisServer() ? await startRedis() : undefined;
  try {
    const rows: string[][] = [];
    if (server) rows.push(...(await measure('Redis', { redis: server.url }, small, seconds)));
    else console.log('There is no redis-server: measured without it.\n');
    rows.push(...(await measure('NOTIFY', { notify: small.database.url }, small, seconds)));
    rows.push(...(await measure('neither', {}, small, seconds)));
    const title = `From the commit in one process to the event in another, in ms: ${A_SECOND} commits a second for ${seconds} s`;
    table(title, ['woken by', 'reader', 'events', 'p50', 'p95', 'max'], rows);
  } finally {
    await server?.stop();
    await small.database.drop();
  }
}

async function measure(name: string, ways: Ways, small: SmallAgent, seconds: number): Promise<string[][]> {
  const { relay, close } = await connectRings(ways);
  const child = fork(`${import.meta.dirname}/waking-child.ts`, [
    small.database.url,
    ways.redis ?? '-',
    ways.notify ?? '-',
  ]);
  try {
    const seen = gather(child);
    const { write } = await smallFixture(small.kysely, relay);
    const committed = new Map<string, number>();
    const commit = async (text: string) => {
      await write(`note_${text}`, text);
      committed.set(text, performance.timeOrigin + performance.now());
    };
    // Until both read; events before that are not counted.
    for (let n = 0; seen.size < 2 || n < WARM_UP; n++) await commit(`${name} warm ${n}`).then(() => sleep(50));
    committed.clear();
    for (let n = 0; n < A_SECOND * seconds; n++) {
      await commit(`${name} ${n}`);
      await sleep((2000 * Math.random()) / A_SECOND);
    }
    while ([...seen.values()].some((times) => !times.has(`${name} ${A_SECOND * seconds - 1}`))) await sleep(50);
    return [...seen].toSorted().map(([reader, times]) => {
      const waits = [...committed].map(([text, at]) => Math.max(0, times.get(text)! - at));
      const figures = [0.5, 0.95, 1].map((share) => quantile(waits, share).toFixed(0));
      return [name, reader, String(waits.length), ...figures];
    });
  } finally {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    await close();
  }
}

/** When each reader saw each event. */
function gather(child: ChildProcess): Map<string, Map<string, number>> {
  const seen = new Map<string, Map<string, number>>();
  child.on('message', ({ how, id, at }: { how: string; id: string; at: number }) => {
    const times = seen.get(how) ?? new Map<string, number>();
    seen.set(how, times.set(id, at));
  });
  return seen;
}
