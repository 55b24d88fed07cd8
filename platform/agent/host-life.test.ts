/** The registry and the event log for agents that fail, that lack a dependency, and that are hosted twice. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { noteWritten, openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { agentIn, hostOf } from '../../tests/support/small-host.ts';
import { until } from '../../tests/support/until.ts';
import { FixedClock } from '../clock.ts';
import { command, type Reach } from '../commands/ask.ts';
import { Fault, Unavailable } from '../errors.ts';
import { append, envelope } from '../events/event-log.ts';
import { on } from '../consumers/handler.ts';
import { eventSigner } from '../events/signing.ts';
import { ANONYMOUS } from '../identity/actor.ts';
import { newKey } from '../secrets/key-ring.ts';
import { breakerReset } from './agent-events.ts';
import type { DatabaseProbe } from './database-monitor.ts';
import type { AgentDefinition, AgentParts } from './define-agent.ts';
import type { AgentContext } from './agent-context.ts';
import type { DependencyHealth } from './health.ts';
import type { Host, HostOptions } from './host.ts';
import { LEASE_MS } from './registry.ts';

let small: SmallAgent;
let folder: string;
const clock = new FixedClock('2026-06-01T12:00:00Z');
const QUICK = { limit: 3, initialMs: 1, maxMs: 4, rareMs: 30, stableMs: 100 };
const WELL = { status: 'UP', latencyMs: 1, breaker: null, lastError: null, lastCode: null } as const;
const HELLO = command<{ hello: string }, object>('other', '{ hello }');

beforeAll(async () => {
  small = await openSmallAgent();
  folder = mkdtempSync(join(tmpdir(), 'agora-rooms-'));
});
afterAll(async () => {
  await small?.database.drop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await small.database.pool.query('truncate platform.event_log, platform.log_cursor, platform.agent');
});

/** An agent with a room of its own, in which lie its commands to others. */
function agent(
  name: string,
  build: (context: AgentContext) => Partial<AgentParts> = () => ({}),
  commandsTo: string[] = [],
): AgentDefinition {
  const room = mkdtempSync(join(folder, 'room-'));
  writeFileSync(join(room, 'schema.graphql'), 'type Query { hello: String! asked: String! }');
  mkdirSync(join(room, 'commands'));
  for (const other of commandsTo) writeFileSync(join(room, 'commands', `${other}.graphql`), '{ hello }');
  return agentIn(room, name, (context) => ({
    resolvers: { Query: { hello: () => 'hello', asked: async () => (await context.ask(HELLO, {})).hello } },
    ...build(context),
  }));
}

const SIGNER = eventSigner([newKey()]);
const host = (agents: AgentDefinition[], more: Partial<HostOptions> = {}): Promise<Host> =>
  hostOf(small, agents, { clock, signer: SIGNER, pace: QUICK, ...more });

const status = async (name = 'small'): Promise<string> =>
  (await small.database.pool.query('select status from platform.agent where name = $1', [name])).rows[0]?.status;
const told = async (name = 'small'): Promise<string[]> =>
  (
    await small.database.pool.query(
      `select payload->>'status' as status, payload->>'degradation' as level from platform.event_log
        where aggregate_id = $1 and type like 'agent.st%' order by xid, position`,
      [name],
    )
  ).rows.map(({ status: is, level }) => `${is} ${level}`);
const recordedDependencies = async (name = 'small'): Promise<string[]> => {
  const { rows } = await small.database.pool.query('select health from platform.agent where name = $1', [name]);
  return rows[0].health.dependencies.map((it: DependencyHealth) => `${it.name} ${it.status}`);
};
const errors = async () =>
  (
    await small.database.pool.query(`select payload from platform.event_log where type = 'agent.error_detected'`)
  ).rows.map(({ payload }) => payload);

describe('a start', () => {
  test('has each agent begin after those that it asks', async () => {
    const told: string[] = [];
    const starting = (name: string, commandsTo: string[]) => {
      const start = async (): Promise<void> => {
        told.push(`${name} begins`);
        await small.database.pool.query('select pg_sleep(0.05)');
        told.push(`${name} is there`);
      };
      return agent(name, () => ({ start }), commandsTo);
    };
    const running = await host([
      starting('top', ['middle']),
      starting('middle', ['bottom']),
      starting('bottom', ['top']),
    ]);
    await running.start();
    await running.stop('over');
    expect(told).toEqual(['bottom', 'middle', 'top'].flatMap((name) => [`${name} begins`, `${name} is there`]));
  });

  test('has agents that do not ask one another begin in parallel', async () => {
    const begun = { one: Promise.withResolvers<void>(), other: Promise.withResolvers<void>() };
    const meeting = (name: keyof typeof begun, whom: keyof typeof begun) => {
      const start = (): Promise<void> => {
        begun[name].resolve();
        return begun[whom].promise;
      };
      return agent(name, () => ({ start }));
    };
    const running = await host([meeting('one', 'other'), meeting('other', 'one')]);
    await running.start();
    expect([await status('one'), await status('other')]).toEqual(['RUNNING', 'RUNNING']);
    await running.stop('over');
  });

  test('that fails at first is retried', async () => {
    let tries = 0;
    const late = agent('small', () => ({
      start: async () => {
        if (++tries < 3) throw new Error('not yet');
      },
    }));
    const running = await host([late]);
    await running.start();
    expect([tries, await told()]).toEqual([3, ['STARTING 0', 'RUNNING 0']]);
    await running.stop('over');
  });

  test('that goes on failing makes the agent FAILED, is reported, holds up no other, and succeeds later', async () => {
    let isBroken = true;
    const broken = agent('small', () => ({
      start: async () => {
        if (isBroken) throw new Error('no licence');
      },
    }));
    const running = await host([broken, agent('other')]);
    await running.start();
    expect([await status('small'), await status('other')]).toEqual(['FAILED', 'RUNNING']);
    expect(await errors()).toContainEqual(
      expect.objectContaining({ agentId: 'small', errorType: 'AGENT_FAILED', severity: 'CRITICAL' }),
    );
    isBroken = false;
    await until('it runs', async () => (await status('small')) === 'RUNNING');
    await running.stop('over');
  });

  test('of no agent at all fails as a whole', async () => {
    const fails = () => agent('small', () => ({ start: () => Promise.reject(new Error('no licence')) }));
    const running = await host([fails()]);
    await expect(running.start()).rejects.toThrow('No agent could be started: no licence');
    await running.stop('over');
  });
});

describe('an agent', () => {
  test('whose job fails again and again has FAILED, is reported once, and RUNS when the job succeeds', async () => {
    let isBroken = true;
    const job = async () => {
      if (isBroken) throw new TypeError(`ada@example.org is not a function`);
    };
    const running = await host([
      agent('small', () => ({ scheduledJobs: [{ name: 'sweep', everySeconds: 0.01, run: job }] })),
    ]);
    await running.start();
    await until('it has failed', async () => (await status()) === 'FAILED');
    await until('it is reported', async () => (await errors()).length === 2);
    expect((await errors()).map(({ errorType, context }) => `${errorType} ${context.part}`).sort()).toEqual([
      'AGENT_FAILED job sweep',
      'TypeError job sweep',
    ]);
    expect(JSON.stringify(await errors())).not.toContain('ada@');
    isBroken = false;
    await until('it runs', async () => (await status()) === 'RUNNING');
    await running.stop('over');
    expect(await told()).toEqual(['STARTING 0', 'RUNNING 0', 'FAILED 4', 'RUNNING 0', 'STOPPING 0', 'STOPPED 0']);
  });

  test('whose job fails because the database is away has not FAILED', async () => {
    let runs = 0;
    const job = async () => {
      runs++;
      throw new Unavailable('away');
    };
    const running = await host([
      agent('small', () => ({ scheduledJobs: [{ name: 'sweep', everySeconds: 0.005, run: job }] })),
    ]);
    await running.start();
    await until('it was tried often', () => runs > 6);
    expect([await status(), await errors()]).toEqual(['RUNNING', []]);
    await running.stop('over');
  });

  test('whose consumer fails unexpectedly has it restarted, and events published meanwhile are handled', async () => {
    const handled: string[] = [];
    const notes = on(noteWritten.type, noteWritten.payload, async (_, event) => void handled.push(event.payload.id));
    const running = await host([agent('small', () => ({ handlers: [notes] }))]);
    await running.start();
    // A missing cursor is no transient error.
    const { rows } = await small.database.pool.query('delete from platform.log_cursor returning *');
    await until('it has failed', async () => (await status()) === 'FAILED');
    const [cursor] = rows;
    await small.database.pool.query('insert into platform.log_cursor (consumer, xid, position) values ($1, $2, $3)', [
      cursor.consumer,
      cursor.xid,
      cursor.position,
    ]);
    await until('it is mended', async () => (await status()) === 'RUNNING');
    expect((await running.health.detailed()).consumers).toEqual([{ agent: 'small', behind: 0, oldestAt: null }]);
    await running.stop('over');
  });

  test('that answers with a fault is reported once a minute, and one that answers with a refusal is not', async () => {
    const resolvers = (error: Error) => ({ Query: { hello: () => Promise.reject(error), asked: () => 'x' } });
    const running = await host([
      agent('small', () => ({ resolvers: resolvers(new Fault('DISK_FULL', 'no space')) })),
      agent('other', () => ({
        resolvers: resolvers(new Unavailable('later', { cause: new Error('ada@example.org') })),
      })),
    ]);
    await running.start();
    for (const subgraph of running.subgraphs)
      for (let n = 0; n < 5; n++)
        await subgraph.execute({ query: '{ hello }' }, { actor: ANONYMOUS, correlationId: 'req_1' });
    await until('they are reported', async () => (await errors()).length === 2);
    expect(await errors()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          agentId: 'small',
          errorType: 'DISK_FULL',
          errorMessage: 'no space',
          context: { correlationId: 'req_1' },
        }),
        expect.objectContaining({
          agentId: 'other',
          errorType: 'UNAVAILABLE',
          errorMessage: expect.not.stringContaining('ada@'),
        }),
      ]),
    );
    await running.stop('over');
  });
});

describe('an agent that cannot reach another', () => {
  const asked = (of: Host) =>
    of.subgraphs[0]!.execute({ query: '{ asked }' }, { actor: ANONYMOUS, correlationId: 'r' });

  test('is DEGRADED while the circuit breaker is open, and RUNNING after an operator’s reset anywhere', async () => {
    let isThere = false;
    const reach: Reach = () => (isThere ? { execute: async () => ({ data: { hello: 'hi' } }) } : undefined);
    const running = await host([agent('small', undefined, ['other'])], { reach });
    await running.start();
    expect((await running.health.dependency('agent:other'))?.status).toBe('UP');
    for (let n = 0; n < 5; n++) await asked(running);
    expect(await running.health.dependency('agent:other')).toMatchObject({ status: 'DOWN', breaker: 'OPEN' });
    await until('it is recorded', async () => (await status()) === 'DEGRADED');
    expect(running.health.ready()).toEqual({ ready: true, degradation: 2 });

    isThere = true;
    const payload = { agentId: 'small', name: 'agent:other', requestedBy: 'user_1' };
    const reset = envelope(breakerReset, { aggregateId: 'reset_1', aggregateVersion: 1, payload }, { source: 'x' });
    await small.kysely.transaction().execute((transaction) => append(transaction, [reset], SIGNER));
    await until('it is reset', async () => (await status()) === 'RUNNING');
    expect(await asked(running)).toEqual({ data: { asked: 'hi' } });
    await running.stop('over');
    expect(await told()).toEqual(['STARTING 0', 'RUNNING 0', 'DEGRADED 2', 'RUNNING 0', 'STOPPING 0', 'STOPPED 0']);
  });
});

describe('while the database is away', () => {
  test('status changes are queued, health is told from memory, and the queue is written afterwards', async () => {
    let is: 'up' | 'down' = 'up';
    const database: DatabaseProbe = {
      look: async () => {
        if (is === 'down') throw Object.assign(new Error('connect ECONNREFUSED 10.0.0.7'), { code: 'ECONNREFUSED' });
        return { isReadOnly: false };
      },
      pool: () => ({ total: 3, idle: 2, waiting: 0 }),
    };
    const running = await host([agent('small')], { database });
    await running.start();
    is = 'down';
    await until('it is noticed', () => !running.health.ready().ready);
    expect(running.health.ready()).toMatchObject({ ready: false, degradation: 4, waitingFor: 'database' });
    const detailed = await running.health.detailed();
    expect(detailed).toMatchObject({
      status: 'not ready',
      agents: [{ id: 'small', status: 'DEGRADED', degradation: 4 }],
      dependencies: [
        { name: 'database', status: 'DOWN', lastCode: 'ECONNREFUSED', pool: { total: 3, idle: 2, waiting: 0 } },
      ],
    });
    expect(JSON.stringify(detailed)).not.toContain('10.0.0.7');
    expect(await status()).toBe('RUNNING');
    is = 'up';
    await until('it is written', async () => (await told()).length === 4);
    expect((await told()).slice(2)).toEqual(['DEGRADED 4', 'RUNNING 0']);
    await running.stop('over');
  });
});

describe('while messaging between processes is down', () => {
  test('agents are DEGRADED to 2 and serve; a lost dependency is told, also if they can do without it', async () => {
    const tell: (() => void)[] = [];
    const redis: DependencyHealth = { name: 'redis', ...WELL };
    const dependency = { health: redis, onChange: (listener: () => void) => void tell.push(listener) };
    const relay = { isConnected: true, send: () => {}, onNotify: () => {}, onChange: dependency.onChange };
    const running = await host([agent('small')], { relay, dependencies: [dependency] });
    await running.start();
    const turn = (isUp: boolean, isConnected: boolean): void => {
      Object.assign(redis, {
        status: isUp ? 'UP' : 'DOWN',
        lastCode: 'ECONNREFUSED',
        lastError: 'ECONNREFUSED 10.0.0.7',
      });
      relay.isConnected = isConnected;
      for (const listener of tell) listener();
    };
    turn(false, true);
    expect(running.health.ready()).toEqual({ ready: true, degradation: 0 });
    expect(await running.health.dependency('redis')).toMatchObject({ status: 'DOWN', lastCode: 'ECONNREFUSED' });
    expect((await running.health.detailed()).dependencies).toMatchObject([{ name: 'database' }, { name: 'redis' }]);
    expect(JSON.stringify(await running.health.detailed())).not.toContain('10.0.0.7');
    await until('it is recorded', async () => (await recordedDependencies()).includes('redis DOWN'));
    expect(await status()).toBe('RUNNING');
    turn(false, false);
    await until('it is told', async () => (await status()) === 'DEGRADED');
    expect(running.health.ready()).toEqual({ ready: true, degradation: 2 });
    turn(true, true);
    await until('it has passed', async () => (await status()) === 'RUNNING');
    expect(await recordedDependencies()).toContain('redis UP');
    await running.stop('over');
  });
});

describe('two processes with the same agent', () => {
  test('an earlier process that stops leaves the status alone, and the last one to end makes it STOPPED', async () => {
    const [first, second] = [await host([agent('small')]), await host([agent('small')])];
    await first.start();
    await second.start();
    await first.stop('over');
    expect(await status()).toBe('RUNNING');
    const third = await host([agent('small')]);
    await third.start();
    await second.stop('over');
    expect(await status()).toBe('RUNNING');
    await third.stop('over');
    expect(await status()).toBe('STOPPED');
  });

  test('a process that has died speaks for the agent until its lease is over, then another does', async () => {
    const running = await host([agent('small')]);
    await running.start();
    await small.database.pool.query(`update platform.agent set process = 'dead'`);
    await running.stop('over');
    expect(await status()).toBe('RUNNING');
    const next = await host([agent('small')]);
    clock.advance(LEASE_MS + 1);
    await next.start();
    await next.stop('over');
    expect(await status()).toBe('STOPPED');
  });
});
