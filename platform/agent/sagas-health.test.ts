/** An agent whose saga engine stands still is DEGRADED, and is RUNNING again when it goes on. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { openSagaFixture } from '../../tests/support/saga-ground.ts';
import { until } from '../../tests/support/until.ts';
import { systemClock } from '../clock.ts';
import { readConfig } from '../config/config.ts';
import { eventSigner } from '../events/signing.ts';
import { tokensFrom } from '../identity/tokens.ts';
import { silentLogger } from '../log.ts';
import { newKey } from '../secrets/key-ring.ts';
import { secretsWith } from '../secrets/secrets.ts';
import { defineAgent } from './define-agent.ts';
import { createHost } from './host.ts';

/** An agent with sagas, in a host of its own. */
async function openConductor() {
  const options = await openSagaFixture();
  const room = mkdtempSync(join(tmpdir(), 'agora-room-'));
  writeFileSync(join(room, 'schema.graphql'), 'type Query { hello: String! }');
  const agent = defineAgent({
    name: 'conductor',
    area: 'system',
    title: 'Conductor',
    description: 'Has sagas.',
    skills: [],
    at: pathToFileURL(join(room, 'agent.ts')).href,
    entities: [],
    emits: [],
    build: () => ({
      resolvers: { Query: { hello: () => 'hello' } },
      sagas: { definitions: [], onFailedAttempt: async () => {} },
    }),
  });
  const host = await createHost({
    agents: [agent],
    kysely: options.kysely,
    config: readConfig({ NODE_ENV: 'test' }),
    log: silentLogger,
    clock: systemClock,
    tokens: tokensFrom(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string),
    secrets: secretsWith([newKey()]),
    signer: eventSigner([newKey()]),
    sagas: options.sagas,
    instance: 'test',
  });
  const close = async (): Promise<void> => {
    await host.stop('over');
    await options.close();
    rmSync(room, { recursive: true });
  };
  return { options, host, close };
}

test('an agent whose saga engine stands still is DEGRADED to 2, and names the reason', async () => {
  const { options, host, close } = await openConductor();
  const sagas = () => host.health.dependency('sagas');
  try {
    await host.start();
    expect(await sagas()).toMatchObject({ status: 'UP', lastCode: null });
    expect(host.health.ready()).toEqual({ ready: true, degradation: 0 });

    await options.pool.query(`
      create function fail() returns trigger language plpgsql as $$ begin raise exception 'full' using errcode = '53100'; end $$;
      create trigger fails before insert or update on platform.saga_worker for each row execute function fail()`);
    await until('they stand still', async () => (await sagas())?.status === 'DOWN');
    expect(await sagas()).toMatchObject({ lastCode: '53100' });
    expect(host.health.ready()).toEqual({ ready: true, degradation: 2 });
    const { dependencies, agents } = await host.health.detailed();
    expect(dependencies).toContainEqual(expect.objectContaining({ name: 'sagas', agent: 'conductor', status: 'DOWN' }));
    expect(agents).toMatchObject([{ id: 'conductor', status: 'DEGRADED', degradation: 2 }]);

    await options.pool.query('drop trigger fails on platform.saga_worker');
    await until('they go on', async () => (await sagas())?.status === 'UP');
    expect(host.health.ready()).toEqual({ ready: true, degradation: 0 });
  } finally {
    await close();
  }
});

test.each([0, 20, 60, 150, 300])(
  'a host that is stopped %i ms after it began to start leaves no connection in use',
  async (ms) => {
    const { options, host, close } = await openConductor();
    const starting = host.start().catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, ms));
    // The pool ends only when no connection is held: otherwise this never returns.
    await close();
    expect(options.pool.totalCount).toBe(0);
    await starting;
  },
);
