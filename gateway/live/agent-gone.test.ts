/** What subscribers notice when their agent's process ends, over real HTTP. */
import { afterEach, expect, test } from '@jest/globals';
import { startDistributed } from '../graph/distributed.testing.ts';
import { until } from '../../tests/support/until.ts';
import { Feed, FEED_SDL, feedResolvers, People, type Subscriber, subscribing } from './feed.testing.ts';

let it: Awaited<ReturnType<typeof open>>;
afterEach(() => it.close());

/** A gateway with this patience for an agent that is away, and processes of one agent that read the same log. */
async function open({ patienceMs = 30_000 } = {}) {
  const feed = new Feed();
  const people = new People();
  const options = { patienceMs, authenticate: people.authenticate };
  const gateway = await startDistributed({ feed: FEED_SDL }, undefined, undefined, options);
  const start = async () => {
    const replica = await gateway.directory.add('feed', FEED_SDL, feedResolvers(feed));
    await gateway.look();
    return {
      kill: async () => {
        gateway.directory.remove(replica);
        replica.kill();
        await gateway.look();
      },
    };
  };
  return { ...gateway, feed, people, start, subscribe: subscribing(gateway.wsUrl) };
}

const HAPPENED = 'subscription ($after: String, $room: String) { happened(after: $after, room: $room) { n } }';
const numbers = (subscriber: Subscriber): number[] => subscriber.results.map(({ data }) => data?.happened.n);
const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, n) => first + n);
const codesOf = (subscriber: Subscriber): unknown[] =>
  subscriber.results.flatMap(({ errors = [] }) => errors.map((error: any) => error.extensions.code));

test('while another process comes in time, subscribers notice nothing: every event comes once, and no error', async () => {
  it = await open();
  let serving = await it.start();
  const subscribers = [
    it.subscribe(HAPPENED, 'ada'),
    it.subscribe(HAPPENED, 'bob', { after: 'c0', room: 'a' }),
    it.subscribe('subscription { happened(after: "c0") { n viewer } }', 'eve'),
    it.subscribe('subscription ($room: String) { other: happened(room: $room) { cursor n } }', 'zoe'),
  ];
  await until(() => it.feed.open === 4);
  it.feed.append(2);
  for (let life = 1; life <= 3; life++) {
    await until(() => subscribers.every(({ results }) => results.length >= 3 * life - 1));
    await serving.kill();
    it.feed.append();
    serving = await it.start();
    await until(() => subscribers.every(({ results }) => results.length === 3 * life));
    it.feed.append(2);
  }
  await until(() => subscribers.every(({ results }) => results.length === 11));
  const told = subscribers.map(({ results }) => results.map(({ data }) => (data.happened ?? data.other).n));
  expect(told).toEqual(subscribers.map(() => upTo(11)));
  expect(subscribers.flatMap(codesOf)).toEqual([]);
  expect(it.gateway.liveGroups).toBe(4);
  for (const one of subscribers) one.leave();
  await until(() => it.feed.open === 0 && it.gateway.liveGroups === 0);
});

test('many processes that die while much happens cost no subscriber an event, nor repeat one', async () => {
  it = await open();
  let replicas = [await it.start(), await it.start()];
  const subscribers = ['ada', 'bob', 'eve'].map((who) => it.subscribe(HAPPENED, who, { after: 'c0' }));
  for (let round = 0; round < 12; round++) {
    it.feed.append(20, 'x'.repeat(1000));
    await until(() => subscribers.every(({ results }) => results.length > round * 20));
    const [oldest, other] = replicas;
    await oldest!.kill();
    replicas = [other!, await it.start()];
  }
  await until(() => subscribers.every(({ results }) => results.length >= 240));
  for (const one of subscribers) expect(numbers(one)).toEqual(upTo(240));
});

test('a subscriber that joins while the agent is away waits with the others', async () => {
  it = await open();
  const serving = await it.start();
  const first = it.subscribe(HAPPENED, 'ada');
  await until(() => it.feed.open === 1);
  it.feed.append(2);
  await until(() => first.results.length === 2);
  await serving.kill();
  const second = it.subscribe(HAPPENED, 'ada', { after: 'c1' });
  await until(() => second.results.length === 1);
  it.feed.append();
  await it.start();
  await until(() => first.results.length === 3 && second.results.length === 2);
  expect([numbers(first), numbers(second)]).toEqual([upTo(3), upTo(3, 2)]);
});

test('a subscriber that was told nothing yet, by an agent that gives no start cursor, is told that the agent has gone', async () => {
  it = await open();
  const serving = await it.start();
  const subscriber = it.subscribe('subscription { posted { n } }', 'ada news:read');
  await until(() => it.feed.open === 1);
  await serving.kill();
  await until(() => subscriber.isOver);
  expect(codesOf(subscriber)).toEqual(['UNAVAILABLE']);
});

test('an agent that does not come back in time ends the subscription, with an error that names the agent', async () => {
  it = await open({ patienceMs: 500 });
  const serving = await it.start();
  const subscriber = it.subscribe(HAPPENED, 'ada', { after: 'c0' });
  await until(() => it.feed.open === 1);
  it.feed.append();
  await until(() => subscriber.results.length === 1);
  await serving.kill();
  await until(() => subscriber.isOver);
  expect(numbers(subscriber)[0]).toBe(1);
  expect(subscriber.results.at(-1).errors).toMatchObject([
    { message: 'The agent feed did not answer.', extensions: { code: 'UNAVAILABLE' } },
  ]);
  expect(it.gateway.liveGroups).toBe(0);
});

test('a subscriber whose session was revoked meanwhile is told so, and the agent is not asked for it again', async () => {
  it = await open();
  const serving = await it.start();
  const [ada, bob] = [it.subscribe(HAPPENED, 'ada'), it.subscribe(HAPPENED, 'bob')];
  await until(() => it.feed.open === 2);
  it.feed.append();
  await until(() => ada.results.length === 1 && bob.results.length === 1);
  await serving.kill();
  it.people.revoked.add('ada');
  it.feed.append();
  await it.start();
  await until(() => bob.results.length === 2 && (ada.isOver || ada.closed !== undefined));
  expect(numbers(ada).filter(Boolean)).toEqual([1]);
  expect(it.feed.opened.filter(({ actor }) => actor === 'ada')).toEqual([{ actor: 'ada', after: null }]);
});

test('a cursor that has expired meanwhile ends the subscription with CURSOR_EXPIRED', async () => {
  it = await open();
  const serving = await it.start();
  const subscriber = it.subscribe(HAPPENED, 'ada');
  await until(() => it.feed.open === 1);
  it.feed.append();
  await until(() => subscriber.results.length === 1);
  await serving.kill();
  it.feed.hasExpired = true;
  await it.start();
  await until(() => subscriber.isOver);
  expect(codesOf(subscriber)).toEqual(['CURSOR_EXPIRED']);
});
