import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { notesBackfill, notesHandlers, projectionTables } from '../../tests/support/projection.ts';
import { openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { agentIn, hostOf } from '../../tests/support/small-host.ts';
import { until } from '../../tests/support/until.ts';
import type { AgentDefinition, AgentParts } from './define-agent.ts';
import type { Host } from './host.ts';

let small: SmallAgent;
let room: string;
beforeAll(async () => {
  small = await openSmallAgent();
  await small.database.pool.query(projectionTables('mirror'));
  room = mkdtempSync(join(tmpdir(), 'agora-room-'));
  writeFileSync(join(room, 'schema.graphql'), 'type Query { hello: String! }');
});
afterAll(async () => {
  await small?.database.drop();
  rmSync(room, { recursive: true, force: true });
});

const agent = (name: string, parts: Partial<AgentParts>): AgentDefinition =>
  agentIn(room, name, () => ({ resolvers: { Query: { hello: () => name } }, ...parts }));

/** Demo data bypasses the event log. */
const load = async (): Promise<void> => {
  await small.database.pool.query(
    `insert into small.note (id, text) select 'demo' || n, 'x' from generate_series(1, 12) n on conflict do nothing`,
  );
};

const openHost = (): Promise<Host> =>
  hostOf(small, [
    agent('small', { demo: { after: [], load } }),
    agent('mirror', {
      handlers: notesHandlers('mirror'),
      backfill: notesBackfill(small, 'mirror', async () => {}),
    }),
  ]);

const shown = async (): Promise<number> => (await small.database.pool.query('select from mirror.shown')).rowCount!;
const pages = async (): Promise<number> => (await small.database.pool.query('select from mirror.page')).rowCount!;

test('a projection shows demo data after its load, by a single backfill', async () => {
  const host = await openHost();
  try {
    await host.start();
    await host.loadDemo(() => {});
    expect(await shown()).toBe(12);
    const before = await pages();
    await host.loadDemo(() => {});
    expect(await pages()).toBe(before);
  } finally {
    await host.stop('over');
  }
});

test('a projection that starts after the demo data was loaded is backfilled at its start', async () => {
  await small.database.pool.query(`truncate mirror.shown, mirror.page, platform.demo_load`);
  await small.database.pool.query(`delete from platform.log_cursor where consumer = 'mirror'`);
  // As by a command, in a process that runs no consumer.
  await (await openHost()).loadDemo(() => {});
  expect(await shown()).toBe(0);
  const host = await openHost();
  try {
    await host.start();
    await host.loadDemo(() => {});
    await until('it is filled', async () => (await shown()) === 12);
  } finally {
    await host.stop('over');
  }
});
