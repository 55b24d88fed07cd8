/** A stream of server-sent events does not outlive its session, also when nothing happens. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { until } from '../../tests/support/until.ts';
import { startFeed } from './feed.testing.ts';

let it: Awaited<ReturnType<typeof startFeed>>;
beforeEach(async () => {
  it = await startFeed();
});
afterEach(() => it.gateway.close());

/** Subscribes by server-sent events: what came, and whether the stream has ended. */
async function subscribe(who: string) {
  const response = await fetch(`${it.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${who}` },
    body: JSON.stringify({ query: 'subscription { happened { n } }' }),
  });
  const stream = { said: '', isOver: false };
  const read = async (): Promise<void> => {
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) stream.said += part;
    stream.isOver = true;
  };
  void read().catch(() => {});
  return stream;
}

const ENDED =
  /event: next\ndata: \{"errors":\[\{"message":"[^"]+","extensions":\{"code":"UNAUTHENTICATED"\}\}\],"data":null\}\n\nevent: complete/;

test('an idle stream ends with UNAUTHENTICATED when its session is ended, and others go on', async () => {
  const [ada, bob] = [await subscribe('ada'), await subscribe('bob')];
  await until(() => it.gateway.subscribers === 2);
  it.people.revoked.add('ada');
  await until(() => ada.isOver);
  expect(ada.said).toMatch(ENDED);
  expect(ada.said).toContain('The session was ended');
  expect(it.gateway.subscribers).toBe(1);
  it.feed.append();
  await until(() => bob.said.includes('"n":1'));
  expect(bob.isOver).toBe(false);
  expect(ada.said).not.toContain('"n":1');
});

test('an idle stream ends with UNAUTHENTICATED when its token expires', async () => {
  const ada = await subscribe('ada');
  await until(() => it.gateway.subscribers === 1);
  it.people.expired.add('ada');
  await until(() => ada.isOver);
  expect(ada.said).toMatch(ENDED);
  expect(ada.said).toContain('The access token has expired');
  expect(it.gateway.subscribers).toBe(0);
  expect(it.feed.open).toBe(0);
});
