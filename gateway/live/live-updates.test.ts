import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { until } from '../../tests/support/until.ts';
import { startFeed, type Subscriber } from './feed.testing.ts';

let it: Awaited<ReturnType<typeof startFeed>>;
beforeEach(async () => {
  it = await startFeed();
});
afterEach(() => it.gateway.close());

const HAPPENED = 'subscription ($after: String) { happened(after: $after) { cursor n viewer } }';
const POSTED = 'subscription ($after: String) { posted(after: $after) { cursor n } }';
const READER = 'news:read';

const numbers = (subscriber: Subscriber, field = 'happened'): number[] =>
  subscriber.results.map(({ data }) => data[field].n);
const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, n) => first + n);
const codesOf = (subscriber: Subscriber): unknown[] =>
  (subscriber.results.at(-1)?.errors ?? []).map((error: any) => error.extensions.code);

describe('subscribers of one audience with the same document and variables', () => {
  test('share one source, and one execution of each event', async () => {
    const all = Array.from({ length: 20 }, () => it.subscribe(HAPPENED, 'ada'));
    await until(() => it.gateway.uses === 1 && it.feed.open === 1 && it.gateway.subscribers === 20);
    it.feed.append(3);
    await until(() => all.every(({ results }) => results.length === 3));
    for (const one of all) expect(numbers(one)).toEqual([1, 2, 3]);
    expect(it.feed.opened).toEqual([{ actor: 'ada', after: null }]);
    expect(it.feed.executed).toEqual([undefined, 1, 1, 1]);
    for (const one of all) one.leave();
    await until(() => it.feed.open === 0 && it.gateway.liveGroups === 0);
  });

  test("may use the gateway's own alias of the cursor", async () => {
    const query = 'subscription { happened { __cursor: n cursor } }';
    const both = [it.subscribe(query, 'ada'), it.subscribe(query, 'ada')];
    await until(() => it.feed.open === 1 && it.gateway.subscribers === 2);
    it.feed.append();
    await until(() => both.every(({ results }) => results.length === 1));
    for (const { results } of both) expect(results).toEqual([{ data: { happened: { __cursor: 1, cursor: 'c1' } } }]);
  });

  test('that come while others listen begin now, and are with the others from the next event on', async () => {
    const early = it.subscribe(HAPPENED, 'ada');
    await until(() => it.feed.open === 1);
    it.feed.append(2);
    await until(() => early.results.length === 2);
    const late = [it.subscribe(HAPPENED, 'ada'), it.subscribe(HAPPENED, 'ada')];
    await until(() => it.feed.open === 2 && it.gateway.subscribers === 3);
    it.feed.append();
    await until(() => it.gateway.liveGroups === 1 && it.feed.open === 1);
    it.feed.append(2);
    await until(() => late.every(({ results }) => results.length === 3));
    for (const one of late) expect(numbers(one)).toEqual([3, 4, 5]);
    expect(numbers(early)).toEqual(upTo(5));
    expect(it.feed.executed.slice(4)).toEqual([1, 1]);
  });

  test('that come back with a cursor which the group still knows need no source of their own', async () => {
    const steady = it.subscribe(HAPPENED, 'ada');
    await until(() => it.feed.open === 1);
    it.feed.append(5);
    await until(() => steady.results.length === 5);
    const back = it.subscribe(HAPPENED, 'ada', { after: 'c2' });
    await until(() => back.results.length === 3);
    it.feed.append();
    await until(() => back.results.length === 4);
    expect(numbers(back)).toEqual([3, 4, 5, 6]);
    expect(it.feed.opened).toHaveLength(1);
    expect(it.feed.executed.slice(1)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  test('but with another variable, such as another room, are another group', async () => {
    const query = 'subscription ($room: String) { happened(room: $room) { n } }';
    const [one, other] = [it.subscribe(query, 'ada', { room: 'a' }), it.subscribe(query, 'ada', { room: 'b' })];
    await until(() => it.feed.open === 2);
    it.feed.append();
    await until(() => one.results.length === 1 && other.results.length === 1);
    expect(it.gateway.liveGroups).toBe(2);
  });
});

describe('two audiences', () => {
  test('never share: each reads its own', async () => {
    const [ada, bob] = [it.subscribe(HAPPENED, 'ada'), it.subscribe(HAPPENED, 'bob')];
    await until(() => it.feed.open === 2);
    it.feed.append(4);
    await until(() => ada.results.length === 4 && bob.results.length === 4);
    const viewers = (one: Subscriber) => new Set(one.results.map(({ data }) => data.happened.viewer));
    expect([viewers(ada), viewers(bob)]).toEqual([new Set(['ada']), new Set(['bob'])]);
    expect(it.gateway.liveGroups).toBe(2);
    // Not even by a cursor that the other group knows.
    const back = it.subscribe(HAPPENED, 'bob', { after: 'c1' });
    await until(() => back.results.length === 3);
    expect(viewers(back)).toEqual(new Set(['bob']));
  });

  test('of one user with different rights are two: a field that one may not read is null for that one alone', async () => {
    const query = 'subscription { happened { n secret } }';
    const [less, more] = [it.subscribe(query, 'ada'), it.subscribe(query, 'ada order:read')];
    await until(() => it.feed.open === 2);
    it.feed.append();
    await until(() => less.results.length === 1 && more.results.length === 1);
    expect([less, more].map(({ results }) => results[0].data.happened.secret)).toEqual([null, 7]);
  });

  test('share a field that is the same for all readers, if they have the same permissions', async () => {
    const readers = ['ada', 'bob', 'eve'].map((who) => it.subscribe(POSTED, `${who} ${READER}`));
    const other = it.subscribe(POSTED, `zoe ${READER} order:read`);
    await until(() => it.gateway.subscribers === 4);
    it.feed.append(2);
    await until(() => [...readers, other].every(({ results }) => results.length === 2));
    expect(it.gateway.liveGroups).toBe(2);
    expect(it.feed.executed.slice(1)).toEqual([2, 2]);
  });

  test('do not share it as soon as they select a field that depends on the actor', async () => {
    const query = 'subscription { posted { n author { name } } }';
    const readers = ['ada', 'bob'].map((who) => it.subscribe(query, `${who} ${READER}`));
    await until(() => it.feed.open === 2);
    it.feed.append();
    await until(() => readers.every(({ results }) => results.length === 1));
    expect(readers.map(({ results }) => results[0].data.posted.author.name)).toEqual(['ada', 'bob']);
  });
});

describe('a member of a group', () => {
  test('whose session was ended is told nothing more, and the other members go on', async () => {
    const [ada, bob] = ['ada', 'bob'].map((who) => it.subscribe(POSTED, `${who} ${READER}`)) as [
      Subscriber,
      Subscriber,
    ];
    await until(() => it.gateway.subscribers === 2);
    it.feed.append();
    await until(() => ada.results.length === 1 && bob.results.length === 1);
    it.people.revoked.add('ada');
    it.feed.append(2);
    await until(() => bob.results.length === 3 && ada.closed !== undefined);
    expect(numbers(bob, 'posted')).toEqual([1, 2, 3]);
    expect(ada.closed).toBe(4401);
    expect(ada.results.slice(1).map(({ data }) => data)).toEqual(ada.results.length > 1 ? [null] : []);
    expect(it.gateway.liveGroups).toBe(1);
  });
});

describe('an error that one operation throws', () => {
  test('ends that one, and its socket and its other operations stay open', async () => {
    const failing = ['throwing', 'throwingLater'].map((field) =>
      it.subscribe(`subscription { ${field} { n } }`, 'ada'),
    );
    const unspeakable = it.subscribe('{ unspeakable }', 'ada');
    await until(() => [...failing, unspeakable].every(({ isOver }) => isOver));
    for (const one of [...failing, unspeakable]) {
      expect(codesOf(one)).toEqual(['INTERNAL_SERVER_ERROR']);
      expect(one.closed).toBeUndefined();
    }
    expect(JSON.stringify(failing.map(({ results }) => results))).not.toContain('secret');
  });
});

describe('many subscribers that come, go and come back while things happen', () => {
  test('miss nothing, see nothing twice, and in order, and in the end are one group', async () => {
    const random = generator(20261120);
    const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, random() * ms));
    it.feed.delay = () => (random() < 0.3 ? pause(4) : Promise.resolve());
    const TOTAL = 150;
    const steady = it.subscribe(HAPPENED, 'ada');
    await until(() => it.feed.open === 1);

    /** Subscribes again and again with its last cursor until it has seen all events; its first may be any. */
    const hop = async (): Promise<number[]> => {
      const seen: number[] = [];
      let after: string | undefined = random() < 0.5 ? undefined : 'c0';
      while (seen.at(-1) !== TOTAL) {
        const part = it.subscribe(HAPPENED, 'ada', { after });
        const enough = 1 + Math.floor(random() * 25);
        await until(() => part.results.length >= enough || part.results.at(-1)?.data.happened.n === TOTAL);
        part.leave();
        seen.push(...numbers(part));
        after = part.results.at(-1)!.data.happened.cursor;
        await pause(10);
      }
      return seen;
    };
    const hoppers = Array.from({ length: 12 }, hop);
    for (let n = 0; n < TOTAL; n++) {
      it.feed.append();
      await pause(12);
      // No subscriber may be left that began behind the last event and waits for one.
      if (n === TOTAL - 2) await until(() => it.gateway.liveGroups <= 2);
    }
    const all = await Promise.all(hoppers);
    await until(() => steady.results.length === TOTAL);
    expect(numbers(steady)).toEqual(upTo(TOTAL));
    for (const seen of all) expect(seen).toEqual(upTo(TOTAL, seen[0]));
    await until(() => it.gateway.liveGroups === 1);
    expect(it.feed.open).toBe(1);
  });
});

describe('a client of the library graphql-ws whose connection breaks', () => {
  test('goes on where it was, if it keeps the last cursor in its variables', async () => {
    const variables: { after?: string } = {};
    const seen: number[] = [];
    const sockets: WebSocket[] = [];
    const client = createClient({
      url: it.wsUrl,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: 'Bearer ada' },
      shouldRetry: () => true,
      retryWait: async () => {},
      on: { opened: (socket) => void sockets.push(socket as WebSocket) },
    });
    const next = ({ data }: any): void => {
      seen.push(data.happened.n);
      variables.after = data.happened.cursor;
    };
    client.subscribe({ query: HAPPENED, variables }, { next, error() {}, complete() {} });
    await until(() => it.gateway.subscribers === 1);
    for (const last of [3, 6, 9]) {
      it.feed.append(2);
      await until(() => seen.length >= last - 1);
      sockets.at(-1)!.terminate();
      it.feed.append();
      await until(() => seen.length === last);
    }
    expect(seen).toEqual(upTo(9));
    await client.dispose();
  });
});

/** The same numbers for the same seed (https://en.wikipedia.org/wiki/Linear_congruential_generator). */
function generator(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}
