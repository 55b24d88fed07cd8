/** Agents in a process of their own, whose Redis is killed and comes back. */
import { expect, test } from '@jest/globals';
import { heedRevocations } from '../../gateway/identity/broadcast-revocations.ts';
import { connectCluster } from '../../platform/cluster/connect.ts';
import { Endings } from '../../platform/endings.ts';
import { Revocations } from '../../gateway/identity/revocations.ts';
import { readConfig } from '../../platform/config/config.ts';
import { ANONYMOUS } from '../../platform/identity/actor.ts';
import { tokensFrom } from '../../platform/identity/tokens.ts';
import { silentLogger } from '../../platform/log.ts';
import { type Agora, openAgora } from '../support/agent-process.ts';
import { actor } from '../support/agents.ts';
import { orSkip } from '../support/or-skip.ts';
import { hasRedisServer, startRedis } from '../../db/redis-server.ts';
import { until } from '../support/until.ts';

const SIGN_UP = `mutation ($input: SignUpInput!) { signUp(input: $input) { accessToken userErrors { code } } }`;

orSkip(
  hasRedisServer(),
  test,
  'Redis lost by agents in processes',
)(
  'requests to agents succeed all the time; ended sessions are broadcast to gateways at once while Redis is there',
  async () => {
    const redis = await startRedis();
    const endings = new Endings(silentLogger);
    const agora = await openAgora();
    try {
      const { url } = await agora.start(['customer', 'identity'], { REDIS_URL: redis.url });
      const config = readConfig({ ...agora.env, REDIS_URL: redis.url });
      const gateway = await connectCluster(config, { log: silentLogger, endings });
      const revocations = new Revocations(900);
      heedRevocations(revocations, gateway.broadcast);
      const health = async (name: string) => (await fetch(`${url}/health/${name}`)).json() as any;
      await agora.directory.look();
      await until(async () => (await health('redis')).status === 'UP');
      const first = await signedOut(agora, config.TOKEN_KEY!);
      await until(() => revocations.isRevoked(first));

      await redis.signal('SIGKILL');
      const second = await signedOut(agora, config.TOKEN_KEY!);
      await until(async () => (await health('redis')).status === 'DOWN');
      // PostgreSQL's NOTIFY wakes the other processes now, so none is without messages.
      expect(await health('notify')).toMatchObject({ status: 'UP' });
      expect(await health('ready')).toMatchObject({ status: 'ready', details: {} });
      expect(revocations.isRevoked(second)).toBe(false);

      await redis.restart();
      await until(async () => (await health('redis')).status === 'UP' && gateway.health()[0]!.status === 'UP');
      const third = await signedOut(agora, config.TOKEN_KEY!);
      await until(() => revocations.isRevoked(third));
    } finally {
      await endings.stop();
      await agora.close();
      await redis.stop();
    }
  },
);

/** Signs a new user up and out again. Returns the id of the ended session. */
async function signedOut(agora: Agora, tokenKey: string): Promise<string> {
  const input = { email: `${Math.random()}@example.com`, name: 'Ada', password: 'a long enough password' };
  const signedUp = await agora.ask('identity', SIGN_UP, { input }, ANONYMOUS);
  expect(signedUp.errors).toBeUndefined();
  const { actor: self } = await tokensFrom(tokenKey).verify(signedUp.data.signUp.accessToken);
  const out = await agora.ask('identity', 'mutation { signOut { signedOut } }', {}, actor(self.claims()));
  expect(out).toMatchObject({ data: { signOut: { signedOut: true } } });
  return self.sessionId!;
}
