/** A session that is signed out where identity runs is refused by gateways in other processes, at once. */
import { expect, test } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { Revocations } from './revocations.ts';
import { systemClock } from '../../platform/clock.ts';
import { readConfig } from '../../platform/config/config.ts';
import { silentLogger } from '../../platform/log.ts';
import { actor, openAgents } from '../../tests/support/agents.ts';
import { orSkip } from '../../tests/support/or-skip.ts';
import { hasRedisServer, startRedis } from '../../db/redis-server.ts';
import { announceRevocations, heedRevocations } from './broadcast-revocations.ts';
import { connectCluster } from '../../platform/cluster/connect.ts';
import { Endings } from '../../platform/endings.ts';

const SIGN_UP = `mutation ($input: SignUpInput!) { signUp(input: $input) { accessToken userErrors { code } } }`;
const PERSON = { email: 'ada@example.com', name: 'Ada', password: 'a long enough password' };

orSkip(
  hasRedisServer(),
  test,
  'ended sessions told to other gateways',
)('two gateways refuse an ended session, and ignore a message that is no session', async () => {
  const redis = await startRedis();
  const endings = new Endings(silentLogger);
  const agents = await openAgents(['customer', 'identity'], { clock: systemClock });
  try {
    const config = readConfig({ REDIS_URL: redis.url });
    const connect = () => connectCluster(config, { log: silentLogger, endings });
    const [host, ...gateways] = [await connect(), await connect(), await connect()];
    announceRevocations(agents.host, host!.broadcast);
    const known = gateways.map(({ broadcast }) => {
      const revocations = new Revocations(900);
      heedRevocations(revocations, broadcast);
      return revocations;
    });
    const { data, errors } = await agents.ask('identity', SIGN_UP, { input: PERSON });
    expect(errors).toBeUndefined();
    const { actor: self } = await agents.tokens.verify(data.signUp.accessToken);
    expect(known.map((revocations) => revocations.isRevoked(self.sessionId))).toEqual([false, false]);
    await host!.broadcast.publish('sessions.revoked', 'x'.repeat(5000));
    await agents.ask('identity', 'mutation { signOut { signedOut } }', {}, actor(self.claims()));
    while (!known.every((revocations) => revocations.isRevoked(self.sessionId))) await wait(10);
    expect(known[0]!.isRevoked('x'.repeat(5000))).toBe(false);
  } finally {
    await endings.stop();
    await agents.close();
    await redis.stop();
  }
});
