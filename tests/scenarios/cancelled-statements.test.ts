/**
 * A client that goes, in whatever way: statements that read for it are cancelled in PostgreSQL too, and mutations that
 * it has begun are not.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CONNECTIONS, openSlowAgents } from '../support/slow-statements.ts';
import { untilAnswer } from '../support/until.ts';

/** Seconds. Longer than anything waits here, so that a statement that ends was cancelled. */
const LONG = 300;
const SLEEP = `{ sleep(seconds: ${LONG}) }`;
const WATCH = `subscription { told { sleep(seconds: ${LONG}) } }`;
const WRITE = (mark: string) => `mutation { write(mark: "${mark}") writeElsewhere(mark: "${mark} elsewhere") }`;
const SSE = 'text/event-stream';
const nothing = { next() {}, error() {}, complete() {} };

describe.each([
  ['prepared', { prepare: true, isOverHttp: false }],
  ['not prepared', { prepare: false, isOverHttp: false }],
  ['of agents behind HTTP', { prepare: true, isOverHttp: true }],
] as const)('statements that are %s', (_, options) => {
  let slow: Awaited<ReturnType<typeof openSlowAgents>>;
  beforeAll(async () => void (slow = await openSlowAgents(options)));
  afterAll(() => slow.close());

  /** Sends an operation over HTTP. Returns a function by which the client leaves. */
  const ask = (query: string, accept?: string): (() => Promise<void>) => {
    const leaving = new AbortController();
    const answer = slow
      .post(query, { signal: leaving.signal, accept })
      .then((response) => response.text())
      .catch(() => 'gone');
    return async () => {
      leaving.abort();
      expect(await answer).toBe('gone');
    };
  };

  test('end when a client over HTTP has gone, and the connection can be used again', async () => {
    const leave = ask(SLEEP);
    await slow.atWork();
    await leave();
    expect(await slow.idle()).toBe(0);
    for (let n = 0; n < 5; n++) {
      const response = await slow.post('{ sleep(seconds: 0) }');
      expect(await response.json()).toEqual({ data: { sleep: 1 } });
    }
    expect(slow.complaints).toEqual([]);
  });

  test.each([
    ['a query', SLEEP],
    ['an event', WATCH],
  ])('end when a client has gone that reads %s as server-sent events', async (_name, query) => {
    const leave = ask(query, SSE);
    await slow.atWork();
    await leave();
    expect(await slow.idle()).toBe(0);
  });

  test.each([
    ['a query', SLEEP],
    ['an event', WATCH],
  ])('end when a client says `complete` to %s on a socket, which can be used again', async (_name, query) => {
    const client = slow.socket();
    const complete = client.subscribe({ query }, nothing);
    await slow.atWork();
    complete();
    expect(await slow.idle()).toBe(0);
    const more = client.iterate({ query: '{ sleep(seconds: 0) }' });
    expect((await more.next()).value).toEqual({ data: { sleep: 1 } });
    await client.dispose();
  });

  test('end when a socket has gone', async () => {
    const client = slow.socket();
    client.subscribe({ query: SLEEP }, nothing);
    await slow.atWork();
    client.terminate();
    expect(await slow.idle()).toBe(0);
  });

  test('end at the timeout of the operation', async () => {
    const response = await slow.post(SLEEP);
    const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
    expect(errors[0]!.extensions.code).toBe('UNAVAILABLE');
    expect(await slow.idle()).toBe(0);
  });

  test('are not begun when their client has gone while they waited for a connection', async () => {
    const leaves = Array.from({ length: 3 * CONNECTIONS }, () => ask(SLEEP));
    await slow.atWork(CONNECTIONS);
    await Promise.all(leaves.map((leave) => leave()));
    expect(await slow.idle()).toBe(0);
    expect(await (await slow.post('{ sleep(seconds: 0) }')).json()).toEqual({ data: { sleep: 1 } });
  });

  /**
   * Waits until both rows of a mutation are there. The second is another agent's, and not begun yet when the client
   * goes.
   */
  const isWritten = (mark: string) =>
    untilAnswer(
      slow.written,
      (rows) => [mark, `${mark} elsewhere`].every((name) => rows.some((row) => row.mark === name)),
      'a mutation was not carried out to its end',
    );

  test('of a mutation do not end with a client over HTTP: all of it is carried out', async () => {
    const leave = ask(WRITE('http'));
    await slow.atWork();
    await leave();
    expect(await isWritten('http')).toHaveLength(2);
  });

  test('of a mutation do not end by `complete`, nor with the socket: all of it is carried out', async () => {
    const client = slow.socket();
    const complete = client.subscribe({ query: WRITE('complete') }, nothing);
    await slow.atWork();
    complete();
    expect(await isWritten('complete')).toHaveLength(4);
    client.subscribe({ query: WRITE('socket') }, nothing);
    await slow.atWork();
    client.terminate();
    expect(await isWritten('socket')).toHaveLength(6);
  });
});
