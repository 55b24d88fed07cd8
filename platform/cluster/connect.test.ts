/** Connected processes wake one another by Redis or PostgreSQL, whichever is there. */
import { expect, test } from '@jest/globals';
import { readConfig } from '../config/config.ts';
import { silentLogger } from '../log.ts';
import { testDatabase } from '../../tests/support/database.ts';
import { orSkip } from '../../tests/support/or-skip.ts';
import { hasRedisServer, startRedis } from '../../db/redis-server.ts';
import { aloneInCluster, connectCluster } from './connect.ts';
import { Endings } from '../endings.ts';
import { until } from '../../tests/support/until.ts';

orSkip(
  hasRedisServer(),
  test,
  'notifications without Redis',
)('without Redis they ring by NOTIFY, and with it again by Redis', async () => {
  const [redis, database] = [await startRedis(), await testDatabase()];
  const endings = new Endings(silentLogger);
  try {
    const config = readConfig({ REDIS_URL: redis.url });
    const connect = () => connectCluster(config, { log: silentLogger, endings, databaseUrl: database.url });
    const [here, there] = [await connect(), await connect()];
    const statuses = (): string[] => here.health().map(({ name, status }) => `${name} ${status}`);
    expect(statuses()).toEqual(['redis UP', 'notify UP']);
    const heard: string[] = [];
    there.relay!.onNotify((types) => heard.push(types?.join() ?? 'any'));
    const rung = (type: string) =>
      until(() => {
        here.relay!.send([type]);
        return heard.includes(type);
      });
    await rung('by.redis');
    await redis.signal('SIGKILL');
    await rung('by.notify');
    await until(() => statuses()[0] === 'redis DOWN');
    expect(here.relay!.isConnected).toBe(true);
    await redis.restart();
    await until(() => statuses()[0] === 'redis UP');
    await rung('by.redis.again');
  } finally {
    await endings.stop();
    await database.drop();
    await redis.stop();
  }
});

test('a gateway without Redis has no relay, nor has a process that is alone', async () => {
  const endings = new Endings(silentLogger);
  const gateway = await connectCluster(readConfig({}), { log: silentLogger, endings });
  for (const cluster of [gateway, aloneInCluster(silentLogger)]) {
    expect(cluster.relay).toBeUndefined();
    expect(cluster.health()).toEqual([]);
    expect(await cluster.once.first('nonce', 60)).toBe(true);
  }
  await endings.stop();
});
