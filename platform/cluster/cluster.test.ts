/** The contract of the shared services, the same in one process and over Redis. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { orSkip } from '../../tests/support/or-skip.ts';
import { hasRedisServer, startRedis, type RedisServer } from '../../db/redis-server.ts';
import { silentLogger } from '../log.ts';
import { MAX_MESSAGE } from './broadcast.ts';
import { MAX_VALUE } from './cache.ts';
import { type Cluster, localCluster, redisCluster } from './cluster.ts';
import { until } from '../../tests/support/until.ts';

describe('in one process', () => {
  keepsTheContract(async () => ({ cluster: localCluster(silentLogger), close: async () => {} }));
});

const given = process.env.REDIS_URL;
orSkip(
  Boolean(given) || hasRedisServer(),
  describe,
  'the contract of Redis',
)('in Redis', () => {
  let server: RedisServer | undefined;
  const open = async () => {
    server = given ? undefined : await startRedis();
    const prefix = `test-${randomUUID()}`;
    const url = given ?? server!.url;
    const [cluster, other] = await Promise.all([1, 2].map(() => redisCluster({ url, prefix, log: silentLogger })));
    const close = async () => {
      await Promise.all([cluster!.redis.close(), other!.redis.close()]);
      await server?.stop();
    };
    return { cluster: cluster!, other: other!, close };
  };
  keepsTheContract(open);
});

/** Tests the contract. `other` is another process on the same Redis, where there can be one. */
function keepsTheContract(open: () => Promise<{ cluster: Cluster; other?: Cluster; close(): Promise<void> }>): void {
  let one: Cluster;
  let another: Cluster;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const opened = await open();
    one = opened.cluster;
    another = opened.other ?? opened.cluster;
    close = opened.close;
  });
  afterAll(() => close());

  test('a broadcast reaches every listener of its channel, in order, and none of another', async () => {
    const heard: string[] = [];
    const ends = [
      one.broadcast.subscribe('a', (message) => heard.push(`one ${message}`)),
      another.broadcast.subscribe('a', (message) => heard.push(`another ${message}`)),
      one.broadcast.subscribe('b', (message) => heard.push(`b ${message}`)),
    ];
    await until(async () => (await one.broadcast.publish('a', 'ready?'), heard.length >= 2));
    heard.length = 0;
    for (const message of ['1', '2', '3']) expect(await one.broadcast.publish('a', message)).toBe(true);
    await until(() => heard.includes('one 3') && heard.includes('another 3'));
    expect(heard.filter((line) => /one [123]/.test(line))).toEqual(['one 1', 'one 2', 'one 3']);
    expect(heard.filter((line) => /another [123]/.test(line))).toEqual(['another 1', 'another 2', 'another 3']);
    expect(heard.filter((line) => line.startsWith('b '))).toEqual([]);
    for (const end of ends) end();
  });

  test('a listener that was removed gets no messages, and a listener that fails harms no other', async () => {
    const heard: string[] = [];
    one.broadcast.subscribe('c', () => {
      throw new Error('on purpose');
    });
    const stop = one.broadcast.subscribe('c', (message) => heard.push(`first ${message}`));
    one.broadcast.subscribe('c', (message) => heard.push(`second ${message}`));
    await until(async () => (await another.broadcast.publish('c', 'x'), heard.includes('second x')));
    stop();
    heard.length = 0;
    await until(async () => (await another.broadcast.publish('c', 'y'), heard.includes('second y')));
    expect(heard).not.toContain('first y');
  });

  test('a message that is too long is refused', async () => {
    await expect(one.broadcast.publish('a', 'x'.repeat(MAX_MESSAGE + 1))).rejects.toThrow(RangeError);
    expect(await one.broadcast.publish('a', 'x'.repeat(MAX_MESSAGE))).toBe(true);
  });

  test('exactly one of many concurrent calls with a key is the first', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 ? one : another).once.first('nonce', 60)),
    );
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(await one.once.first('another nonce', 60)).toBe(true);
  });

  test('a key expires after its time', async () => {
    expect(await one.once.first('short', 0.05)).toBe(true);
    await until(() => one.once.first('short', 0.05));
  });

  test('long keys are told apart', async () => {
    const long = 'k'.repeat(10_000);
    expect(await one.once.first(`${long}1`, 60)).toBe(true);
    expect(await one.once.first(`${long}2`, 60)).toBe(true);
    expect(await another.once.first(`${long}1`, 60)).toBe(false);
  });

  test('a bucket gives its capacity and no more, to all concurrent calls together', async () => {
    const limit = { capacity: 10, perSeconds: 10_000 };
    const taken = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 ? one : another).limiter.take('user', 1, limit)),
    );
    expect(taken.filter(({ allowed }) => allowed)).toHaveLength(10);
    expect(
      taken
        .filter(({ allowed }) => allowed)
        .map(({ remaining }) => remaining)
        .toSorted((a, b) => a - b),
    ).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const refused = await one.limiter.take('user', 3, limit);
    expect(refused).toMatchObject({ allowed: false, remaining: 0 });
    expect(refused.resetSeconds).toBeGreaterThan(9900);
    expect(refused.retryAfterSeconds).toBeGreaterThan(2900);
    expect(refused.retryAfterSeconds).toBeLessThanOrEqual(3000);
    expect(await one.limiter.take('somebody else', 1, limit)).toMatchObject({ allowed: true, remaining: 9 });
  });

  test('a bucket is refilled', async () => {
    const limit = { capacity: 2, perSeconds: 0.2 };
    expect(await one.limiter.take('quick', 2, limit)).toMatchObject({ allowed: true, remaining: 0 });
    await until(async () => (await one.limiter.take('quick', 2, limit)).allowed);
  });

  test('a cost takes so many tokens, and a cost above the capacity is always refused', async () => {
    const limit = { capacity: 5, perSeconds: 5000 };
    expect(await one.limiter.take('costly', 6, limit)).toMatchObject({ allowed: false, remaining: 5, resetSeconds: 0 });
    expect(await one.limiter.take('costly', 5, limit)).toMatchObject({ allowed: true, remaining: 0 });
    expect(await one.limiter.take('costly', 0, limit)).toMatchObject({ allowed: true, retryAfterSeconds: 0 });
  });

  test('the cache returns a value until it expires', async () => {
    expect(await one.cache.get('page')).toBeUndefined();
    await one.cache.set('page', 'Sätze 🙂', 60);
    expect(await another.cache.get('page')).toBe('Sätze 🙂');
    await one.cache.set('page', 'newer', 0.05);
    await until(async () => (await another.cache.get('page')) === undefined);
  });

  test('a value that is too long is not cached, and removes the earlier one', async () => {
    await one.cache.set('long', 'short', 60);
    await one.cache.set('long', 'x'.repeat(MAX_VALUE + 1), 60);
    expect(await one.cache.get('long')).toBeUndefined();
  });
}
