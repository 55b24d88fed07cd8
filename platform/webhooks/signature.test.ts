import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { signWebhook, verifyWebhook, type WebhookHeaders } from './signature.ts';

const [old, young] = [1, 2].map((fill) => `whsec_${Buffer.alloc(32, fill).toString('base64')}`) as [string, string];
const at = new Date('2026-06-01T12:00:00Z');
const later = (seconds: number): Date => new Date(at.getTime() + seconds * 1000);
const BODY = '{"type":"payment.captured","buyer":"Zoë"}';

const signed = (secrets: readonly [string, ...string[]] = [old]): WebhookHeaders => {
  const headers = signWebhook(secrets, { id: 'msg_1', at, body: BODY });
  return {
    id: headers['webhook-id'],
    timestamp: headers['webhook-timestamp'],
    signature: headers['webhook-signature'],
  };
};
const verify = (more: WebhookHeaders = {}, body: string | Buffer = BODY, now = at, secrets = [old]) =>
  verifyWebhook(secrets as never, { ...signed(), ...more }, Buffer.from(body as string), now);

test('a signature equals the example of the specification', () => {
  // https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
  const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', at: new Date(1614265330_000), body: '{"test": 2432232314}' };
  const { 'webhook-signature': signature } = signWebhook(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], message);
  expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});

test('a delivery that another implementation signs over the bytes is genuine', () => {
  const timestamp = String(at.getTime() / 1000);
  const mac = createHmac('sha256', Buffer.alloc(32, 1)).update(`msg_9.${timestamp}.${BODY}`).digest('base64');
  expect(verify({ id: 'msg_9', timestamp, signature: `v1,${mac}` })).toBe('GENUINE');
});

describe('during a rotation of secrets', () => {
  test('a delivery signed with the old or the new one is genuine for a receiver with both', () => {
    for (const secrets of [[old], [young]] as const)
      expect(verify(signed(secrets), BODY, at, [young, old])).toBe('GENUINE');
  });

  test('a delivery signed with both is genuine for a receiver with one of them', () => {
    const both = signed([young, old]);
    expect(both.signature!.split(' ')).toHaveLength(2);
    expect([old, young].map((secret) => verify(both, BODY, at, [secret]))).toEqual(['GENUINE', 'GENUINE']);
  });

  test('a delivery signed with a removed one is refused', () => {
    expect(verify(signed([old]), BODY, at, [young])).toBe('SIGNATURE_INVALID');
  });
});

test('a delivery with any part changed is refused', () => {
  expect(verify()).toBe('GENUINE');
  const { signature } = signed();
  const changes: [WebhookHeaders, string?][] = [
    [{}, BODY.replace('captured', 'refunded')],
    [{}, `${BODY} `],
    [{ id: 'msg_2' }],
    [{ timestamp: String(at.getTime() / 1000 + 1) }],
    [{ signature: signature!.replace('v1,', 'v2,') }],
    [{ signature: signature!.replace(/.=$/, 'A=') }],
    [{ signature: 'v1,' }],
    [{ signature: 'v1' }],
  ];
  expect(changes.map(([headers, body]) => verify(headers, body))).toEqual(changes.map(() => 'SIGNATURE_INVALID'));
});

test.each([
  [0, 'GENUINE'],
  [300, 'GENUINE'],
  [-300, 'GENUINE'],
  [301, 'TIMESTAMP_OUT_OF_TOLERANCE'],
  [-301, 'TIMESTAMP_OUT_OF_TOLERANCE'],
])('a delivery that is %s seconds old by our clock is %s', (seconds, verdict) => {
  expect(verify({}, BODY, later(seconds))).toBe(verdict);
});

test.each<[string, WebhookHeaders]>([
  ['no id', { id: undefined }],
  ['no timestamp', { timestamp: null }],
  ['no signature', { signature: '' }],
  ['a time in words', { timestamp: 'now' }],
  ['a time with something behind it', { timestamp: `${at.getTime() / 1000}abc` }],
  ['an id with a full stop', { id: 'msg.1' }],
  ['a crowd of signatures', { signature: Array(11).fill(signed().signature).join(' ') }],
])('a delivery with %s is malformed', (_, headers) => {
  expect(verify(headers)).toBe('MALFORMED');
});

test('a body that is no UTF-8 is malformed, since the package would sign all such bytes as U+FFFD', () => {
  const text = '{"a":"\uFFFD"}';
  const { 'webhook-signature': signature } = signWebhook([old], { id: 'msg_1', at, body: text });
  expect(verify({ signature }, text)).toBe('GENUINE');
  expect(verify({ signature }, Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]))).toBe('MALFORMED');
});
