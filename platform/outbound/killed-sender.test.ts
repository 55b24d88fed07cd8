import { type ChildProcess, spawn } from 'node:child_process';
import { once as next } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { smallOutbound } from '../../tests/support/outbound-fixture.ts';
import { byOperator, once, upTo, versionsOf } from '../../tests/support/outbound-world.ts';
import { openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { until } from '../../tests/support/until.ts';
import { openReceiver, type Receiver } from '../../tests/support/webhook-receiver.ts';
import { dieWithParent } from '../die-with-parent.ts';

const CHILD = fileURLToPath(new URL('../../tests/support/outbound-child.ts', import.meta.url));
const TIMEOUT_MS = 500;
const [AGGREGATES, VERSIONS] = [20, 6];

let small: SmallAgent;
let receiver: Receiver;
beforeAll(async () => {
  small = await openSmallAgent();
  receiver = await openReceiver();
});
afterAll(async () => {
  await receiver?.close();
  await small?.database.drop();
});

async function spawnSender(): Promise<ChildProcess> {
  const args = ['--no-warnings', CHILD, small.database.url, String(TIMEOUT_MS)];
  const child = spawn(...dieWithParent(process.execPath, args), { stdio: ['ignore', 'pipe', 'inherit'] });
  const [reason] = await Promise.race([next(child.stdout!, 'data'), next(child, 'exit')]);
  if (!Buffer.isBuffer(reason)) throw new Error(`a sender ended at its start: ${reason}`);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  expect(child.exitCode).toBe(null);
  const gone = next(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

test('senders that are killed while they send lose nothing and keep the order; what comes twice has the same id', async () => {
  let child = await spawnSender();
  const input = { url: receiver.url, description: '', eventTypes: ['*'], ...once() };
  await smallOutbound(small).endpoints.create(input, null, byOperator);
  const writing = Promise.all(
    Array.from({ length: AGGREGATES }, async (_, n) => {
      for (let version = 0; version < VERSIONS; version++) await small.write(`n${n}`);
    }),
  );
  try {
    for (let n = 1; n <= 2; n++) {
      // Some are handled by the receiver, whose answer the sender does not live to hear.
      let unanswered = 0;
      receiver.answers = (_, response) => (++unanswered > 6 ? void response.socket?.pause() : 204);
      await until('some are under way', () => unanswered >= 10);
      await kill(child);
      receiver.answers = () => 204;
      child = await spawnSender();
    }
    await writing;
    await until('nothing waits', async () => {
      const { rows } = await small.database.pool.query(`select count(*)::int as count from small.outbound_delivery
        where status = 'DELIVERED'`);
      return rows[0].count === AGGREGATES * VERSIONS;
    });
  } finally {
    await kill(child);
  }
  const first = new Map<string, Receiver['received'][0]>();
  for (const one of receiver.received) if (!first.has(one.id)) first.set(one.id, one);
  expect(first.size).toBe(AGGREGATES * VERSIONS);
  expect(receiver.received.length).toBeGreaterThan(first.size);
  for (const one of receiver.received) expect(one.body).toBe(first.get(one.id)!.body);
  const versions = versionsOf([...first.values()]);
  expect(versions.size).toBe(AGGREGATES);
  for (const some of versions.values()) expect(some).toEqual(upTo(VERSIONS));
});
