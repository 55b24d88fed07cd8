import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { noteEffect, noteRead, noteWritten, openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { readableLog } from '../../tests/support/readable-log.ts';
import { until } from '../../tests/support/until.ts';
import { raw } from '../data/raw.ts';
import { Unavailable } from '../errors.ts';
import { sleep } from '../sleep.ts';
import type { Consumer } from './consumer.ts';
import { START } from '../events/cursor.ts';
import { append, type Envelope, envelope, readLog } from '../events/event-log.ts';
import { moveBack } from '../events/replay.ts';
import { on } from './handler.ts';
import { dieWithParent } from '../die-with-parent.ts';

let small: SmallAgent;
const ending = new Set<() => Promise<void>>();

beforeAll(async () => {
  small = await openSmallAgent();
});

afterAll(() => small?.database.drop());

beforeEach(() => small.empty());

afterEach(async () => {
  await Promise.all([...ending].map((end) => end()));
  ending.clear();
});

type Effect = { event_id: string; aggregate_id: string; version: number };

const effects = async (consumer: string): Promise<Effect[]> =>
  (await small.database.pool.query('select * from small.effect where consumer = $1 order by n', [consumer])).rows;

const versionsOf = (rows: Effect[], aggregate: string): number[] =>
  rows.filter((row) => row.aggregate_id === aggregate).map(({ version }) => version);

const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);

/** Runs a consumer until the test is over. */
async function run(consumer: Consumer): Promise<Consumer> {
  const controller = new AbortController();
  await consumer.register();
  const running = consumer.run(controller.signal);
  ending.add(async () => {
    controller.abort();
    await running;
  });
  return consumer;
}

/** A consumer that notes each event that it applies, unless `fails`. */
const noting = (name: string, fails: (text: string) => Error | false = () => false): Consumer =>
  small.consumer(name, [
    on(noteWritten.type, noteWritten.payload, async ({ sql }, event) => {
      await noteEffect(sql, name, event);
      const error = fails(event.payload.text);
      if (error) throw error;
    }),
  ]);

test('events from before the consumer was there, and later ones, are applied once and in order', async () => {
  for (const _ of upTo(5)) await small.write('a');
  await run(noting('reader'));
  for (const _ of upTo(5)) await small.write('a');
  await until('ten are applied', async () => (await effects('reader')).length === 10);
  expect(versionsOf(await effects('reader'), 'a')).toEqual(upTo(10));
});

describe('a consumer that begins now', () => {
  const beginning = () => {
    const handler = on(noteWritten.type, noteWritten.payload, ({ sql }, event) => noteEffect(sql, 'reader', event));
    return small.consumer('reader', [handler], { begins: 'NOW' });
  };
  const seen = async (): Promise<string[]> => (await effects('reader')).map((row) => row.aggregate_id + row.version);

  test('handles events committed from then on, and none from before, whichever transaction is older', async () => {
    const [written, commit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const late = small.store.write({ locks: ['note:late'], origin: {} }, async ({ sql, publish }) => {
      await raw(sql, 'select pg_current_xact_id()');
      publish(noteWritten, { aggregateId: 'late', aggregateVersion: 1, payload: { id: 'late', text: 'x' } });
      written.resolve();
      await commit.promise;
    });
    await written.promise;
    await small.write('before');
    const consumer = beginning();
    await consumer.register();
    commit.resolve();
    await late;
    await small.write('after');
    await until('both are handled', async () => (await consumer.step(), (await seen()).length >= 2));
    expect((await seen()).toSorted()).toEqual(['after1', 'late1']);
  });

  test('keeps its cursor when it is registered again', async () => {
    const consumer = beginning();
    await consumer.register();
    await small.write('a');
    await beginning().register();
    await until('it is handled', async () => (await consumer.step(), (await seen()).length > 0));
    expect(await seen()).toEqual(['a1']);
  });

  test('handles events from before its start after an operator has moved it back there', async () => {
    await small.write('before');
    const consumer = beginning();
    await consumer.register();
    await small.write('after');
    await until('it is handled', async () => (await consumer.step(), (await seen()).length > 0));
    await small.kysely.transaction().execute((transaction) => moveBack(transaction, 'reader', START));
    await until('both are handled', async () => (await consumer.step(), (await seen()).length === 3));
    expect(await seen()).toEqual(['after1', 'before1', 'after1']);
  });
});

test('two consumers of one name share the work and repeat none of it', async () => {
  await Promise.all(Array.from({ length: 3 }, () => run(noting('reader'))));
  await Promise.all(upTo(60).map((n) => small.write(`a${n % 4}`)));
  await until('all are applied', async () => (await effects('reader')).length >= 60);
  const rows = await effects('reader');
  expect(new Set(rows.map(({ event_id }) => event_id)).size).toBe(60);
  expect(rows).toHaveLength(60);
  for (const n of [0, 1, 2, 3]) expect(versionsOf(rows, `a${n}`)).toEqual(upTo(15));
});

const CHILD = fileURLToPath(new URL('../../tests/support/consumer-child.ts', import.meta.url));

async function spawnChild(): Promise<ChildProcess> {
  const child = spawn(...dieWithParent(process.execPath, ['--no-warnings', CHILD, small.database.url, 'child']), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout!, 'data');
  return child;
}

test('each event is applied exactly once though the process is killed five times while events are written', async () => {
  let child = await spawnChild();
  let isOver = false;
  const never = new AbortController().signal;
  const writing = (async () => {
    const written = new Map<string, number>();
    for (let n = 0; !isOver; n++) {
      written.set(`a${n % 6}`, await small.write(`a${n % 6}`));
      await sleep(2, never); // Leaves CPU time to the processes that start.
    }
    return written;
  })();
  try {
    for (const kill of upTo(5)) {
      const before = (await effects('child')).length;
      await until(
        'it applies some more',
        async () => (await effects('child')).length > before + Math.random() * 40 * kill,
      );
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      child = await spawnChild();
    }
  } finally {
    isOver = true;
  }
  const written = await writing;
  const total = [...written.values()].reduce((a, b) => a + b, 0);
  await until('all are applied', async () => (await effects('child')).length >= total);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const rows = await effects('child');
  for (const [id, last] of written) expect({ id, applied: versionsOf(rows, id) }).toEqual({ id, applied: upTo(last) });
  const { rows: published } = await raw<{ n: bigint }>(
    small.kysely,
    `select count(*) as n from platform.event_log where type = 'note.read'`,
  );
  expect(published).toEqual([{ n: BigInt(total) }]);
});

test('an event whose handler throws is parked with the later ones of its aggregate, and the others flow', async () => {
  const consumer = noting('reader', (text) => text === 'poison' && new Error('cannot read this'));
  await consumer.register();
  await small.write('a');
  await small.write('a', 'poison');
  for (const _ of upTo(3)) for (const id of ['a', 'b']) await small.write(id);
  await until('all are read', async () => (await consumer.step()) === 'idle' && (await effects('reader')).length === 4);
  await small.write('a');
  await small.write('b');
  await until(
    'the next is read',
    async () => (await consumer.step()) === 'idle' && (await effects('reader')).length === 5,
  );
  expect([versionsOf(await effects('reader'), 'a'), versionsOf(await effects('reader'), 'b')]).toEqual([[1], upTo(4)]);
  const { rows } = await small.database.pool.query('select * from platform.parked_event order by xid, position');
  expect(rows.map(({ state, attempts, error }) => ({ state, attempts, error }))).toEqual([
    { state: 'WAITING', attempts: 1, error: 'cannot read this' },
    ...upTo(4).map(() => ({ state: 'WAITING', attempts: 0, error: null })),
  ]);
});

test.each([
  ['throws a refusal of the database', async (sql: never) => raw(sql, 'select 1 / 0')],
  ['swallows one and goes on', async (sql: never) => raw(sql, 'select 1 / 0').catch(() => undefined)],
])('a handler that %s loses its own effects and no others', async (_, fail) => {
  const consumer = small.consumer('reader', [
    on(noteWritten.type, noteWritten.payload, async ({ sql }, event) => {
      await noteEffect(sql, 'reader', event);
      if (event.payload.text === 'poison') await fail(sql as never);
    }),
  ]);
  await consumer.register();
  await small.write('a');
  await small.write('b');
  await small.write('c', 'poison');
  await readableLog(small.kysely);
  await until(
    'the others are applied',
    async () => (await consumer.step()) === 'idle' && (await effects('reader')).length === 2,
  );
  const parked = await small.database.pool.query(`select aggregate_key, state from platform.parked_event`);
  expect(parked.rows).toEqual([{ aggregate_key: 'note:c', state: 'WAITING' }]);
});

test('an event with an unknown payload is parked, and one with more fields is handled', async () => {
  const consumer = noting('reader');
  await consumer.register();
  const said = (aggregateId: string, payload: object): Envelope => {
    const note = { aggregateId, aggregateVersion: 1, payload: { id: aggregateId, text: 'x' } };
    return { ...envelope(noteWritten, note, { source: 'small' }), payload };
  };
  const events = [said('a', { id: 5 }), said('b', { id: 'b', text: 'x', more: 1 })];
  await small.kysely.transaction().execute((transaction) => append(transaction, events, small.signer));
  await until('b is applied', async () => (await consumer.step()) === 'idle' && (await effects('reader')).length === 1);
  expect(versionsOf(await effects('reader'), 'b')).toEqual([1]);
});

test('a transient fault parks nothing: the event is retried in its place', async () => {
  let left = 2;
  const consumer = noting('reader', () => left-- > 0 && new Unavailable('away'));
  await consumer.register();
  await small.write('a');
  await until('the fault is met', () =>
    consumer.step().then(
      () => false,
      (error) => error instanceof Unavailable,
    ),
  );
  await expect(consumer.step()).rejects.toThrow('away');
  expect(await consumer.step()).not.toBe('busy');
  expect(versionsOf(await effects('reader'), 'a')).toEqual([1]);
  expect((await small.database.pool.query('select from platform.parked_event')).rowCount).toBe(0);
});

test('a handler that publishes keeps the order of an aggregate that commands write at the same time', async () => {
  const consumer = small.consumer('reader', [
    on(
      noteWritten.type,
      noteWritten.payload,
      async ({ sql, publish }, event) => {
        if (event.aggregateId === 'target') return;
        const { version } = await sql
          .withSchema('small')
          .updateTable('note')
          .set((eb) => ({ version: eb('version', '+', 1) }))
          .where('id', '=', 'target')
          .returning('version')
          .executeTakeFirstOrThrow();
        publish(noteRead, { aggregateId: 'target', aggregateVersion: version, payload: { id: 'target' } });
      },
      () => ['note:target'],
    ),
  ]);
  await small.write('target');
  await run(consumer);
  await Promise.all([...upTo(40).map(() => small.write('target')), ...upTo(40).map((n) => small.write(`source${n}`))]);
  const target = `select aggregate_version as v from platform.event_log where aggregate_id = 'target' order by xid, position`;
  await until('all are published', async () => (await small.database.pool.query(target)).rowCount === 81);
  expect((await small.database.pool.query(target)).rows.map(({ v }) => v)).toEqual(upTo(81));
});

test('the locks of a whole batch are taken before anything is written', async () => {
  const consumer = small.consumer('reader', [
    on(
      noteWritten.type,
      noteWritten.payload,
      ({ sql }, event) => noteEffect(sql, 'reader', event),
      ({ id }) => [`note:${id}`],
    ),
  ]);
  await consumer.register();
  for (const id of ['a', 'b']) await small.write(id);
  await until('both can be read', async () => (await readLog(small.kysely, START, { limit: 2 })).scanned === 2);
  const inside = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const held = small.store.write({ locks: ['note:b'], origin: {} }, async () => {
    inside.resolve();
    await release.promise;
  });
  await inside.promise;
  const step = consumer.step();
  await until('the batch waits for the command, without a transaction id', async () => {
    const { rows } = await raw<{ backend_xid: string | null }>(
      small.kysely,
      `select backend_xid::text from pg_stat_activity where datname = current_database() and wait_event = 'advisory'`,
    );
    return rows.length === 1 && rows[0]!.backend_xid === null;
  }).finally(release.resolve);
  await Promise.all([held, step]);
  await until('both are applied', async () => (await consumer.step(), (await effects('reader')).length === 2));
});

test('an event that a handler publishes wakes the readers at once, and names its cause', async () => {
  const notified: unknown[] = [];
  const waiter = small.notifier.listen([noteRead.type]);
  waiter.hear = (types) => void notified.push(types);
  const consumer = small.consumer('reader', [
    on(noteWritten.type, noteWritten.payload, async ({ publish }, { aggregateId, aggregateVersion }) =>
      publish(noteRead, { aggregateId, aggregateVersion, payload: { id: aggregateId } }),
    ),
  ]);
  await consumer.register();
  await small.write('a');
  notified.length = 0;
  await until('it is handled', async () => (await consumer.step(), notified.length > 0));
  waiter.close();
  expect(notified).toEqual([[noteRead.type]]);
  const { rows } = await small.database.pool.query(
    'select type, id, causation_id, source from platform.event_log order by xid',
  );
  expect(rows[1]).toMatchObject({ type: 'note.read', causation_id: rows[0].id, source: 'reader' });
});

test('events of other types cost no write', async () => {
  const consumer = small.consumer('reader', [on('other.type', noteRead.payload, async () => {})]);
  await consumer.register();
  for (const _ of upTo(5)) await small.write('a');
  const cursor = async () => (await small.database.pool.query('select * from platform.log_cursor')).rows;
  const before = await cursor();
  for (const _ of upTo(3)) await consumer.step();
  expect(await cursor()).toEqual(before);
});

test('a stored cursor far behind many events of other types is moved on', async () => {
  const consumer = small.consumer('reader', [on('other.type', noteRead.payload, async () => {})]);
  await consumer.register();
  await small.database.pool.query(
    `insert into platform.event_log (id, type, source, aggregate_type, aggregate_id, aggregate_version, payload)
     select gen_random_uuid(), 'note.written', 'small', 'note', 'n', n, '{}' from generate_series(1, 2100) n`,
  );
  const { rows } = await small.database.pool.query('select max(position) as position from platform.event_log');
  await until('it has passed them', async () => {
    await consumer.step();
    const cursor = await small.database.pool.query('select position from platform.log_cursor');
    return BigInt(cursor.rows[0].position) >= BigInt(rows[0].position) - 100n;
  });
});
