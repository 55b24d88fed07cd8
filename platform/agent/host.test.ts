import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { noteEffect, noteWritten, openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { until } from '../../tests/support/until.ts';
import { FixedClock } from '../clock.ts';
import { command } from '../commands/ask.ts';
import { readConfig } from '../config/config.ts';
import { on } from '../consumers/handler.ts';
import { ANONYMOUS } from '../identity/actor.ts';
import { tokensFrom } from '../identity/tokens.ts';
import { silentLogger } from '../log.ts';
import { newKey } from '../secrets/key-ring.ts';
import { secretsWith } from '../secrets/secrets.ts';
import { type AgentDefinition, type AgentParts, defineAgent } from './define-agent.ts';
import type { AgentContext } from './agent-context.ts';
import { createHost, type Host } from './host.ts';

let small: SmallAgent;
let room: string;
const clock = new FixedClock('2026-06-01T12:00:00Z');

beforeAll(async () => {
  small = await openSmallAgent();
  room = mkdtempSync(join(tmpdir(), 'agora-room-'));
  writeFileSync(join(room, 'schema.graphql'), 'type Query { hello: String! asked: String! }');
});

afterAll(async () => {
  await small?.database.drop();
  rmSync(room, { recursive: true, force: true });
});

beforeEach(async () => {
  await small.database.pool.query(
    'truncate platform.event_log, platform.log_cursor, platform.agent, small.note, small.effect',
  );
});

const HELLO = command<{ hello: string }, object>('other', '{ hello }');

const agent = (name: string, build: (options: AgentContext) => Partial<AgentParts> = () => ({})): AgentDefinition =>
  defineAgent({
    name,
    area: 'system',
    title: name,
    description: `The agent ${name}.`,
    skills: [{ id: `${name}.greet`, name: 'Greet', description: 'Says hello.' }],
    at: pathToFileURL(join(room, 'agent.ts')).href,
    entities: [],
    emits: [],
    build: (options) => ({
      resolvers: {
        Query: { hello: () => `hello from ${name}`, asked: async () => (await options.ask(HELLO, {})).hello },
      },
      ...build(options),
    }),
  });

const host = (agents: AgentDefinition[]): Promise<Host> =>
  createHost({
    agents,
    kysely: small.kysely,
    config: readConfig({ NODE_ENV: 'test' }),
    log: silentLogger,
    clock,
    tokens: tokensFrom(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string),
    secrets: secretsWith([newKey()]),
    signer: small.signer,
    sagas: { url: small.database.url, pool: small.database.pool },
    instance: 'test',
  });

const agents = async () => (await small.database.pool.query('select * from platform.agent order by name')).rows;
const events = async (name: string) =>
  (
    await small.database.pool.query(
      'select type, aggregate_version, payload from platform.event_log where aggregate_id = $1 order by xid, position',
      [name],
    )
  ).rows;

test('the states of a lifecycle are recorded and published, in order', async () => {
  const running = await host([agent('small'), agent('other')]);
  expect(await agents()).toEqual([]);
  await running.start();
  expect(await agents()).toEqual(
    ['other', 'small'].map((name) =>
      expect.objectContaining({ name, status: 'RUNNING', degradation: 0, started_at: clock.now(), instance: 'test' }),
    ),
  );
  await running.stop('test over');
  expect((await agents()).map(({ status }) => status)).toEqual(['STOPPED', 'STOPPED']);
  for (const name of ['small', 'other'])
    expect(await events(name)).toEqual([
      {
        type: 'agent.status_changed',
        aggregate_version: 1,
        payload: { agentId: name, status: 'STARTING', degradation: 0, changedAt: '2026-06-01T12:00:00.000Z' },
      },
      {
        type: 'agent.started',
        aggregate_version: 2,
        payload: expect.objectContaining({
          agentId: name,
          status: 'RUNNING',
          startTime: '2026-06-01T12:00:00.000Z',
          capabilities: [`${name}.greet`],
        }),
      },
      { type: 'agent.status_changed', aggregate_version: 3, payload: expect.objectContaining({ status: 'STOPPING' }) },
      {
        type: 'agent.stopped',
        aggregate_version: 4,
        payload: expect.objectContaining({ agentId: name, status: 'STOPPED', reason: 'test over', graceful: true }),
      },
    ]);
});

test('a second start goes on counting versions, and has its own start time', async () => {
  for (const reason of ['first', 'second']) {
    const running = await host([agent('small')]);
    clock.advance(60_000);
    await running.start();
    await running.stop(reason);
  }
  expect(await agents()).toEqual([expect.objectContaining({ version: 8, started_at: clock.now() })]);
  expect((await events('small')).map((event) => event.aggregate_version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test('a running host sends heartbeats for its agents', async () => {
  const running = await host([agent('small')]);
  await running.start();
  await until('its heart has beaten', async () => (await agents())[0].heartbeat_at.getTime() === clock.now().getTime());
  await running.stop('test over');
});

test('agents of one host ask one another in process, and an agent without a host cannot be reached', async () => {
  const [both, alone] = [await host([agent('small'), agent('other')]), await host([agent('small')])];
  const asked = (of: Host) =>
    of.subgraphs[0]!.execute({ query: '{ asked }' }, { actor: ANONYMOUS, correlationId: 'req_1' });
  expect(await asked(both)).toEqual({ data: { asked: 'hello from other' } });
  expect((await asked(alone)).errors).toEqual([
    expect.objectContaining({ message: 'The agent other cannot be reached.' }),
  ]);
});

test('a host runs consumers and scheduled jobs of its agents until it stops, and drains the work in hand', async () => {
  const did = { job: 0, ended: 0 };
  const release = Promise.withResolvers<void>();
  const running = await host([
    agent('small', () => ({
      handlers: [on(noteWritten.type, noteWritten.payload, async ({ sql }, event) => noteEffect(sql, 'small', event))],
      scheduledJobs: [
        {
          name: 'sweep',
          everySeconds: 0.005,
          run: async (signal) => {
            did.job++;
            signal.addEventListener('abort', () => release.resolve());
            await release.promise;
            did.ended++;
          },
        },
      ],
    })),
  ]);
  await running.start();
  await small.write('a');
  const applied = async (): Promise<number> => (await small.database.pool.query('select from small.effect')).rowCount!;
  await until('both were at work', async () => did.job === 1 && (await applied()) === 1);
  await running.stop('test over');
  expect(did).toEqual({ job: 1, ended: 1 });
  await small.write('b');
  expect(await applied()).toBe(1);
});

test('a listener of the host is told of the events that its commands publish, after the commit', async () => {
  let options: AgentContext | undefined;
  const running = await host([agent('small', (given) => ((options = given), {}))]);
  const heard: string[] = [];
  running.onPublished((event) => heard.push(`${event.type} ${event.aggregateId}`));
  const publish = (id: string, fails = false) =>
    options!.store.write({ locks: [], origin: {} }, async (work) => {
      work.publish(noteWritten, { aggregateId: id, aggregateVersion: 1, payload: { id, text: '' } });
      if (fails) throw new Error('no');
    });
  await publish('a');
  await publish('b', true).catch(() => {});
  expect(heard).toEqual(['note.written a']);
});

test('an agent name that cannot be a schema name is refused', () => {
  for (const name of ['Order', 'order-line', '1st', '', 'a', "o'r"])
    expect(() => agent(name)).toThrow('is not a name for an agent');
});
