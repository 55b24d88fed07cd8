/** Handlers that apply consecutive events in one go. */
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { z } from 'zod';
import { noteEffect, noteRead, noteWritten, openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import type { SpanLine } from '../telemetry/file-exporter.ts';
import { startTracing, traced } from '../telemetry/tracing.ts';
import { bindHandlers, type EventHandler, on, onAll, type SetWork } from './handler.ts';
import { readableLog } from '../../tests/support/readable-log.ts';

let small: SmallAgent;
beforeAll(async () => {
  small = await openSmallAgent();
});
afterAll(() => small?.database.drop());
beforeEach(async () => {
  await small.database.pool.query(
    'truncate platform.event_log, platform.log_cursor, platform.parked_event, small.note, small.effect',
  );
});

const reads = z.object({ id: z.string(), text: z.string().optional() });

/** A handler of sets that notes each event, and the sizes of the sets; it fails at a text. */
function noting(fails = (_text: string | undefined): boolean => false) {
  const sizes: number[] = [];
  const handlers = onAll([noteWritten.type, noteRead.type], reads, async ({ sql }: SetWork, events) => {
    sizes.push(events.length);
    for (const event of events) {
      await noteEffect(sql, 'sets', event);
      if (fails(event.payload.text)) throw new Error('this text is not accepted');
    }
  });
  return { handlers, sizes };
}

const applied = async (): Promise<string[]> =>
  (await small.database.pool.query(`select aggregate_id || version as one from small.effect order by n`)).rows.map(
    (row: { one: string }) => row.one,
  );

async function step(handlers: readonly EventHandler[]): Promise<void> {
  const consumer = small.consumer('sets', handlers);
  await consumer.register();
  await readableLog(small.kysely);
  while ((await consumer.step()) === 'more');
}

test('events of a batch are applied together and in order, those of several types too', async () => {
  for (const id of ['a', 'b', 'a']) await small.write(id);
  await small.store.write({ locks: [], origin: {} }, async ({ publish }) =>
    publish(noteRead, { aggregateId: 'a', aggregateVersion: 2, payload: { id: 'a' } }),
  );
  await small.write('c');
  const { handlers, sizes } = noting();
  await step(handlers);
  expect(sizes).toEqual([5]);
  expect(await applied()).toEqual(['a1', 'b1', 'a2', 'a2', 'c1']);
});

test('an event of another handler ends a set, so that all are applied in the order of the log', async () => {
  for (const id of ['a', 'b']) await small.write(id);
  await small.store.write({ locks: [], origin: {} }, async ({ publish }) =>
    publish(noteRead, { aggregateId: 'x', aggregateVersion: 1, payload: { id: 'x' } }),
  );
  await small.write('c');
  const { handlers, sizes } = noting();
  const single = on(noteRead.type, noteRead.payload, ({ sql }, event) => noteEffect(sql, 'sets', event));
  await step([handlers.find(({ type }) => type === noteWritten.type)!, single]);
  expect(sizes).toEqual([2, 1]);
  expect(await applied()).toEqual(['a1', 'b1', 'x1', 'c1']);
});

test('a set that fails is applied event by event: the one that fails is parked with the later ones of its aggregate', async () => {
  for (const [id, text] of [
    ['a', 'x'],
    ['b', 'bad'],
    ['c', 'x'],
    ['b', 'x'],
    ['a', 'x'],
  ] as const)
    await small.write(id, text);
  const { handlers, sizes } = noting((text) => text === 'bad');
  await step(handlers);
  expect(sizes[0]).toBe(5);
  expect(sizes.slice(1)).toEqual([1, 1, 1, 1]);
  expect(await applied()).toEqual(['a1', 'c1', 'a2']);
  const { rows } = await small.database.pool.query(
    `select aggregate_key as key from platform.parked_event order by position`,
  );
  expect(rows).toEqual([{ key: 'note:b' }, { key: 'note:b' }]);
  // The next one of the aggregate waits behind it.
  for (const id of ['c', 'b', 'c']) await small.write(id);
  sizes.length = 0;
  await step(handlers);
  expect(sizes).toEqual([1, 1]);
  expect(await applied()).toEqual(['a1', 'c1', 'a2', 'c2', 'c3']);
});

test('handlers that are bound to their services still share their sets', async () => {
  for (const id of ['a', 'b']) await small.write(id);
  const sizes: number[] = [];
  const handlers = onAll<z.infer<typeof reads>, unknown, { sizes: number[] }>(
    [noteWritten.type, noteRead.type],
    reads,
    async (_, events, services) => void services.sizes.push(events.length),
  );
  await step(bindHandlers(handlers, { sizes }));
  expect(sizes).toEqual([2]);
});

test('the trace of each event of a set leads to its handling, and from there to the others', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'agora-sets-')), 'traces.jsonl');
  const stop = await startTracing({ TRACES_FILE: file, TRACES_SHARE: 1 }, 'test');
  for (const id of ['a', 'b', 'c'])
    await traced(
      `write ${id}`,
      () => ({ kind: 'server' }),
      () => small.write(id),
    );
  await stop();
  // One that was published while nothing was traced.
  await small.write('d');
  const again = await startTracing({ TRACES_FILE: file, TRACES_SHARE: 1 }, 'test');
  await step(noting().handlers);
  await again();
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  const spans: SpanLine[] = lines.map((line) => JSON.parse(line));
  const [a, b, c] = ['a', 'b', 'c'].map((id) => spans.find(({ name }) => name === `write ${id}`)!);
  const handled = spans.filter(
    ({ name, attributes }) => name.startsWith('consume') && attributes['agora.consumer'] === 'sets',
  );
  expect(handled).toHaveLength(3);
  const set = handled.find(({ traceId }) => traceId === a!.traceId)!;
  const of = (traceId: string) => handled.find((span) => span.traceId === traceId);
  expect(set.links!.map(({ traceId }) => traceId)).toEqual([b!.traceId, c!.traceId]);
  const here = [{ traceId: set.traceId, spanId: set.spanId }];
  for (const other of [b!, c!]) expect(of(other.traceId)).toMatchObject({ kind: 'consumer', links: here });
});
