/** Redis killed, hanging, refusing, and back: nothing fails, the loss is logged within two seconds, and recovers. */
import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { createClient } from 'redis';
import { orSkip } from '../../tests/support/or-skip.ts';
import { hasRedisServer, startRedis, type RedisServer } from '../../db/redis-server.ts';
import { type Logger, silentLogger } from '../log.ts';
import { type Cluster, redisCluster } from './cluster.ts';
import type { RedisLink } from './redis-link.ts';
import { until } from '../../tests/support/until.ts';

const LIMIT = { capacity: 3, perSeconds: 3000 };

orSkip(
  hasRedisServer(),
  describe,
  'Redis killed, hanging and back',
)('Redis', () => {
  test('that is killed in use is done without, logged once, and used again when it is back', async () => {
    await using(async ({ server, cluster, lines }) => {
      const heard: string[] = [];
      cluster.broadcast.subscribe('news', (message) => heard.push(message));
      await cluster.cache.set('page', 'kept', 60);
      expect(await cluster.once.first('nonce', 60)).toBe(true);
      const use = startUsing(cluster);
      await server.signal('SIGKILL');
      await until(() => cluster.redis.health.status === 'DOWN');
      expect(cluster.redis.health).toMatchObject({ name: 'redis', latencyMs: null, lastCode: 'ECONNREFUSED' });
      expect(await cluster.broadcast.publish('news', 'lost')).toBe(false);
      expect(await cluster.cache.get('page')).toBeUndefined();
      // A process remembers its own nonces, and has its own rate limits.
      expect(await cluster.once.first('nonce', 60)).toBe(false);
      expect(await cluster.once.first('nonce 2', 60)).toBe(true);
      const taken = [];
      for (let n = 0; n < 4; n++) taken.push((await cluster.limiter.take('user', 1, LIMIT)).allowed);
      expect(taken).toEqual([true, true, true, false]);
      await wait(1200);
      expect(lines).toEqual(['Redis is away: Agora goes on without it']);

      await server.restart();
      await until(() => cluster.redis.health.status === 'UP');
      await until(async () => (await cluster.broadcast.publish('news', 'again')) && heard.includes('again'));
      expect(heard).not.toContain('lost');
      // The new one is empty, the process is not.
      expect(await cluster.once.first('nonce', 60)).toBe(false);
      await cluster.cache.set('page', 'new', 60);
      expect(await cluster.cache.get('page')).toBe('new');
      expect(await use.stop()).toBeGreaterThan(0);
      expect(lines).toEqual(['Redis is away: Agora goes on without it', 'Redis is back']);
      expect(cluster.redis.health).toMatchObject({ status: 'UP', lastCode: 'ECONNREFUSED' });
    });
  });

  test('that hangs keeps a caller half a second at most, and not at all once that is noticed', async () => {
    await using(async ({ server, cluster }) => {
      await server.signal('SIGSTOP');
      await cluster.limiter.take('user', 1, LIMIT);
      await until(() => cluster.redis.health.status === 'DOWN');
      expect(cluster.redis.health.lastCode).toBe('TIMEOUT');
      // If each waited its half second, they would take longer than this test may.
      for (let n = 0; n < 1000; n++) await cluster.once.first(`nonce ${n}`, 60);
      await server.signal('SIGCONT');
      await until(() => cluster.redis.health.status === 'UP');
    });
  });

  test('that cut a connection is reconnected, and its listeners go on', async () => {
    await using(async ({ server, cluster, lines }) => {
      const heard: string[] = [];
      cluster.broadcast.subscribe('news', (message) => heard.push(message));
      await until(async () => (await cluster.broadcast.publish('news', 'first')) && heard.includes('first'));
      const operator = createClient({ url: server.url });
      await operator.connect();
      expect(await operator.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub'])).toBe(1);
      await operator.close();
      await until(async () => (await cluster.broadcast.publish('news', 'again')) && heard.includes('again'));
      // The server was there all the time, so nothing was logged.
      expect(lines).toEqual([]);
    });
  });

  test('that takes no writes counts as down', async () => {
    await using(async ({ server, cluster }) => {
      const operator = createClient({ url: server.url });
      await operator.connect();
      await operator.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
      await until(() => cluster.redis.health.status === 'DOWN');
      expect(cluster.redis.health.lastError).toMatch(/READONLY/);
      expect(await cluster.once.first('nonce', 60)).toBe(true);
      await operator.sendCommand(['REPLICAOF', 'NO', 'ONE']);
      await until(() => cluster.redis.health.status === 'UP');
      await operator.close();
    });
  });

  test('that is not there at the start is found when it comes', async () => {
    const server = await startRedis();
    await server.signal('SIGKILL');
    const cluster = await redisCluster({ url: server.url, prefix: 'test', log: silentLogger });
    try {
      expect(cluster.redis.health.status).toBe('DOWN');
      const heard: string[] = [];
      cluster.broadcast.subscribe('news', (message) => heard.push(message));
      await server.restart();
      await until(async () => (await cluster.broadcast.publish('news', 'here')) && heard.includes('here'));
    } finally {
      await cluster.redis.close();
      await server.stop();
    }
  });
});

test('a server that accepts connections without answers counts as down, and closing does not wait for it', async () => {
  const mute = createServer().listen(0, '127.0.0.1');
  await once(mute, 'listening');
  mute.on('connection', (socket) => socket.on('error', () => {}));
  const url = `redis://127.0.0.1:${(mute.address() as AddressInfo).port}`;
  const cluster = await redisCluster({ url, prefix: 'test', log: silentLogger });
  expect(cluster.redis.health).toMatchObject({ status: 'DOWN', lastCode: 'TIMEOUT' });
  await cluster.redis.close();
  expect(await cluster.once.first('nonce', 60)).toBe(true);
  mute.close();
});

/** Runs a test with a Redis and a cluster on it, and closes both in any case; `lines` are the log's. */
async function using(
  work: (ground: { server: RedisServer; cluster: Cluster & { redis: RedisLink }; lines: string[] }) => Promise<void>,
): Promise<void> {
  const lines: string[] = [];
  const note = (_: object, line: string): void => void lines.push(line);
  const log = { ...silentLogger, debug: note, info: note, warn: note, error: note } as Logger;
  const server = await startRedis();
  const cluster = await redisCluster({ url: server.url, prefix: 'test', log });
  try {
    await work({ server, cluster, lines });
  } finally {
    await cluster.redis.close();
    await server.stop();
  }
}

/** Uses all services continuously; `stop` returns the number of uses, or throws the first error. */
function startUsing(cluster: Cluster): { stop(): Promise<number> } {
  let isOver = false;
  let times = 0;
  const running = (async () => {
    while (!isOver) {
      const key = String(times++);
      await Promise.all([
        cluster.broadcast.publish('use', key),
        cluster.once.first(`use ${key}`, 60),
        cluster.limiter.take(`use ${key}`, 1, LIMIT),
        cluster.cache.set('use', key, 60).then(() => cluster.cache.get('use')),
      ]);
      await wait(1);
    }
  })();
  return {
    async stop() {
      isOver = true;
      await running;
      return times;
    },
  };
}
