import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { noteWritten, openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { agentIn, hostOf } from '../../tests/support/small-host.ts';
import { countStatements, type Statements } from '../../tests/support/statements.ts';
import { until } from '../../tests/support/until.ts';
import { on } from '../consumers/handler.ts';
import type { AgentDefinition } from './define-agent.ts';
import type { Host } from './host.ts';
import { readableLog } from '../../tests/support/readable-log.ts';

const AGENTS = 35;
const SECONDS = 6;

let small: SmallAgent;
let counted: Statements;
let room: string;
let host: Host;
const handled = new Map<string, number>();

/** An agent with a consumer and a job, as most are. */
const agent = (name: string): AgentDefinition =>
  agentIn(room, name, () => ({
    resolvers: { Query: { hello: () => name } },
    handlers: [
      on(noteWritten.type, noteWritten.payload, async () => {
        handled.set(name, (handled.get(name) ?? 0) + 1);
      }),
    ],
    scheduledJobs: [{ name: 'sweep', everySeconds: 3600, run: async () => {} }],
  }));

beforeAll(async () => {
  counted = countStatements();
  small = await openSmallAgent();
  room = mkdtempSync(join(tmpdir(), 'agora-room-'));
  writeFileSync(join(room, 'schema.graphql'), 'type Query { hello: String! }');
  host = await hostOf(
    small,
    Array.from({ length: AGENTS }, (_, n) => agent(`agent${n}`)),
  );
  await host.start();
});
afterAll(async () => {
  await host?.stop('test over');
  await small?.database.drop();
  counted?.stop();
  rmSync(room, { recursive: true, force: true });
});

test('thirty-five idle consumers ask the database no more than one', async () => {
  const isQuiet = async (): Promise<boolean> => {
    counted.reset();
    await new Promise((resolve) => setTimeout(resolve, 500));
    return counted.count < 20;
  };
  await until('the start is read', isQuiet);
  counted.reset();
  const begun = performance.now();
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
  const seconds = (performance.now() - begun) / 1000;
  // The tail twice a second, the backstop every 2 s, a health check every 750 ms, a heartbeat every 10 s.
  expect({ texts: counted.texts, isMany: counted.count > 6 * seconds }).toEqual({
    texts: counted.texts,
    isMany: false,
  });
});

test('events that no consumer handles wake none, and an event that all handle wakes all', async () => {
  await small.database.pool.query(
    `insert into platform.event_log (id, type, source, aggregate_type, aggregate_id, aggregate_version, payload)
     select gen_random_uuid(), 'other.type', 'other', 'other', n::text, 1, '{}' from generate_series(1, 100) n`,
  );
  await readableLog(small.kysely);
  counted.reset();
  small.notifier.notify();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(counted.texts.filter((text) => text.includes('pg_try_advisory_xact_lock'))).toEqual([]);
  await small.write('note');
  await until('all have handled it', () => handled.size === AGENTS);
  expect(new Set(handled.values())).toEqual(new Set([1]));
});
