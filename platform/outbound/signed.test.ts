/** What receivers verify: of each attempt the time, the secrets and the bytes. */
import { expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { byOperator, HOUR, MINUTE, once, outboundWorld } from '../../tests/support/outbound-world.ts';
import type { Received } from '../../tests/support/webhook-receiver.ts';
import { verifyWebhook } from '../webhooks/signature.ts';

const world = outboundWorld();

/** Verifies a webhook with one secret, as of now on the test's clock. */
const verdictOf = ({ headers, body }: Received, secret: string) => {
  const [id, timestamp, signature] = ['id', 'timestamp', 'signature'].map((name) => String(headers[`webhook-${name}`]));
  return verifyWebhook([secret], { id, timestamp, signature }, Buffer.from(body), world.clock.now());
};

test('each attempt has a time and a signature of its own, so that it is fresh after days as well', async () => {
  const { receiver, secret } = await world.receive();
  const verdicts: string[] = [];
  receiver.answers = (one) => {
    verdicts.push(verdictOf(one, secret));
    return 500;
  };
  await world.small.write('n1');
  await world.settled();
  for (const ms of [MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR]) await world.advance(ms);
  expect(verdicts).toEqual(Array(6).fill('GENUINE'));
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-signature'])).size).toBe(6);
  expect(new Set(receiver.received.map(({ id, body }) => id + body)).size).toBe(1);
});

test('the bytes that are signed are those that come, whatever characters are in them', async () => {
  const { receiver, secret } = await world.receive();
  world.clock.advance(Date.now() - world.clock.now().getTime());
  const text = 'é ß 漢字 😀 \u2028 \u0007 "\\ </script> \u{10FFFF}';
  await world.small.write('n1', text);
  await world.settled();
  const [{ body, headers }] = receiver.accepted as [Received];
  const event = new Webhook(secret).verify(Buffer.from(body), headers as Record<string, string>);
  expect(event).toMatchObject({ data: { text } });
  expect(Number(headers['content-length'])).toBe(Buffer.byteLength(body));
});

test('what waits while the secret is rotated is signed by the new one, and by the old for as long as was asked for', async () => {
  const { receiver, id, secret: old } = await world.receive();
  receiver.answers = () => 500;
  await world.small.write('n1');
  await world.settled();
  const { endpoints } = world.outbound;
  const { secret: next } = await endpoints.rotateSecret(
    { endpointId: id, overlapHours: 2, ...once() },
    byOperator,
    'ALL',
  );
  const verdicts: string[][] = [];
  receiver.answers = (one) => {
    verdicts.push([old, next!].map((secret) => verdictOf(one, secret)));
    return 500;
  };
  await world.advance(HOUR);
  await world.advance(2 * HOUR);
  expect(verdicts).toEqual([
    ['GENUINE', 'GENUINE'],
    ['SIGNATURE_INVALID', 'GENUINE'],
  ]);
});
