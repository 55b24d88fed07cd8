import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { noteEffect, noteWritten, openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { until } from '../../tests/support/until.ts';
import { raw } from '../data/raw.ts';
import { newKey } from '../secrets/key-ring.ts';
import type { Consumer } from '../consumers/consumer.ts';
import { START } from './cursor.ts';
import { append, type Envelope, envelope, type LoggedEvent, readLog } from './event-log.ts';
import { on } from '../consumers/handler.ts';
import { eventSigner } from './signing.ts';

let small: SmallAgent;
let reader: Consumer;
const logged: string[] = [];

beforeAll(async () => {
  small = await openSmallAgent();
});
afterAll(() => small?.database.drop());

beforeEach(async () => {
  logged.length = 0;
  await small.empty();
  const log = pino({ level: 'error' }, { write: (line: string) => void logged.push(line) });
  const handler = on(noteWritten.type, noteWritten.payload, ({ sql }, event) => noteEffect(sql, 'reader', event));
  reader = small.consumer('reader', [handler], { log });
  await reader.register();
});

const inLog = async (): Promise<LoggedEvent[]> => (await readLog(small.kysely, START, { limit: 100 })).events;
const applied = async (): Promise<string[]> =>
  (await small.database.pool.query('select aggregate_id from small.effect order by n')).rows.map(
    (row) => row.aggregate_id,
  );
const parked = async () =>
  (await small.database.pool.query('select aggregate_key, error from platform.parked_event')).rows;
/** Waits until each event was applied or parked: one may be invisible for a moment. */
const readAll = () =>
  until('all is read', async () => {
    await reader.step();
    const { rows } = await raw<{ written: bigint }>(small.kysely, 'select count(*) as written from platform.event_log');
    return (await applied()).length + (await parked()).length === Number(rows[0]!.written);
  });
const forge = (change: string) => raw(small.kysely, `update platform.event_log set ${change} where aggregate_id = 'b'`);

const note = (id: string): Envelope =>
  envelope(noteWritten, { aggregateId: id, aggregateVersion: 1, payload: { id, text: 'x' } }, { source: 'small' });
/** An event as it is read from the log. */
const back = (event: Envelope): LoggedEvent => ({
  correlationId: null,
  causationId: null,
  ...event,
  xid: '1',
  position: '1',
  at: new Date(),
  keyId: null,
  signature: null,
  traceparent: null,
});

describe('a signature', () => {
  const ring = newKey();
  const signer = eventSigner([ring]);
  const signed = (event: Envelope): LoggedEvent => ({ ...back(event), ...signer.sign(event) });

  test('is valid for the signed event, and for no other sender, id, aggregate, version, type, cause or payload', () => {
    const event = signed({ ...note('a'), correlationId: 'req_1' });
    expect(signer.verify(event)).toBe(true);
    const changes: Partial<LoggedEvent>[] = [
      { source: 'other' },
      { id: note('a').id },
      { type: 'note.read' },
      { aggregateType: 'other' },
      { aggregateId: 'b' },
      { aggregateVersion: 2 },
      { correlationId: null },
      { causationId: event.id },
      { payload: { id: 'a', text: 'y' } },
      { payload: { id: 'a', text: 'x', more: null } },
      { signature: `A${event.signature!.slice(1)}` === event.signature ? 'B' : `A${event.signature!.slice(1)}` },
      { signature: '' },
      { keyId: 'unknown' },
      { keyId: null },
    ];
    expect(changes.filter((change) => signer.verify({ ...event, ...change }))).toEqual([]);
  });

  test('does not depend on the order of the fields', () => {
    const event = signed(note('a'));
    expect(signer.verify({ ...event, payload: { text: 'x', id: 'a' } })).toBe(true);
  });

  test('of an older key is valid while the key is in the ring', () => {
    const event = signed(note('a'));
    expect(eventSigner([newKey(), ring]).verify(event)).toBe(true);
    expect(eventSigner([newKey()]).verify(event)).toBe(false);
  });
});

test('every payload that JSON can carry survives the log with its signature', async () => {
  const payloads = [
    { z: 1, a: { d: [1, { y: null, b: true }], c: 'ü \u{1f600} "\\' }, 10: 'ten', 9: 'nine' },
    { n: [0.1 + 0.2, 1e-7, 1e21, -0, 1.7976931348623157e308, 5e-324] },
    { big: 2n ** 63n, at: new Date(0), 'a b': '', none: undefined, list: [] },
  ];
  const events = payloads.map((payload) => ({ ...note('a'), payload }) as Envelope);
  await small.kysely.transaction().execute((transaction) => append(transaction, events, small.signer));
  await until('they are visible', async () => (await inLog()).length === 3);
  const found = await inLog();
  expect(found.map((event) => small.signer.verify(event))).toEqual([true, true, true]);
});

describe('a consumer', () => {
  test('handles signed events', async () => {
    await small.write('a');
    await readAll();
    expect([await applied(), await parked()]).toEqual([['a'], []]);
  });

  test.each([
    ['whose payload was changed', `payload = payload || '{"text": "forged"}'`],
    ['whose sender was changed', `source = 'order'`],
    ['whose signature was taken away', `key_id = null, signature = null`],
  ])('parks an event %s, says so, and goes on with the others', async (_, change) => {
    await small.write('a');
    await small.write('b');
    await small.write('c');
    await forge(change);
    await readAll();
    expect(await applied()).toEqual(['a', 'c']);
    expect(await parked()).toEqual([{ aggregate_key: 'note:b', error: expect.stringMatching(/^SIGNATURE/) }]);
    expect(logged.join()).toContain('event with a bad signature');
  });

  test('handles an event without a signature only from before events were signed', async () => {
    await small.write('b');
    await forge('key_id = null, signature = null');
    const { rows } = await raw<{ old: string }>(
      small.kysely,
      'select signed_from::text as old from platform.log_identity',
    );
    await raw(small.kysely, `update platform.log_identity set signed_from = pg_current_xact_id()`);
    await readAll();
    expect(await applied()).toEqual(['b']);
    await raw(small.kysely, `update platform.log_identity set signed_from = $1::xid8`, [rows[0]!.old]);
  });
});
