import { request as open } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FixedClock, systemClock } from '../clock.ts';
import { LocalNonces } from '../cluster/nonces.ts';
import { ANONYMOUS, Actor } from '../identity/actor.ts';
import { newUuid } from '../ids.ts';
import { type KeyRing, newKey } from '../secrets/key-ring.ts';
import { metricsText } from '../telemetry/metrics.ts';
import { MAX_AGE_SECONDS, requestSigner, requestVerifier } from './signed-request.ts';
import { remoteSmall, type ServedSmall, serveSmall, testRing } from './wire.testing.ts';

const NOW = '2026-06-01T12:00:00Z';
const process = newUuid();
const request = {
  method: 'POST',
  path: '/order',
  body: Buffer.from('{"query":"{ a }"}'),
  to: process,
  actor: new Actor({ id: 'user_1', roles: ['CUSTOMER'], customerId: 'c1' }),
  correlationId: 'req_1',
};
const signer = (ring: KeyRing = testRing, clock = new FixedClock(NOW)) => requestSigner(ring, 'gateway', clock);
const verifier = (ring: KeyRing = testRing, clock = new FixedClock(NOW), to = process) =>
  requestVerifier(ring, to, clock, new LocalNonces());
const received = (headers: Record<string, string>, more: object = {}) => ({ ...request, headers, ...more });

describe('a signed request', () => {
  test('has its sender, its actor and its correlation id', async () => {
    const { sender, actor, correlationId } = await verifier().verify(received(signer().sign(request)));
    expect({ sender, correlationId }).toEqual({ sender: 'gateway', correlationId: 'req_1' });
    expect(actor).toEqual(request.actor);
  });

  test('of an anonymous actor stays anonymous', async () => {
    const { actor } = await verifier().verify(received(signer().sign({ ...request, actor: ANONYMOUS })));
    expect(actor.isAuthenticated).toBe(false);
  });

  test.each(Object.keys(signer().sign(request)))('is refused without %s, and with another one', async (name) => {
    const headers = signer().sign(request);
    const { [name]: value, ...rest } = headers;
    await expect(verifier().verify(received(rest))).rejects.toMatchObject({ reason: 'UNSIGNED' });
    const last = value!.at(-1) === '1' ? '2' : '1';
    // The first characters of the signature and not the last, which has spare bits.
    const other =
      name === 'x-agora-signature' ? `${value![0] === 'A' ? 'B' : 'A'}${value!.slice(1)}` : value!.slice(0, -1) + last;
    const reason = name === 'x-agora-key' ? 'UNKNOWN_KEY' : 'ALTERED';
    await expect(verifier().verify(received({ ...headers, [name]: other }))).rejects.toMatchObject({ reason });
  });

  test.each([
    ['body', { body: Buffer.from('{"query":"{ b }"}') }],
    ['path', { path: '/payment' }],
    ['query', { path: '/order?x=1' }],
    ['method', { method: 'PUT' }],
  ])('is refused with another %s', async (_, more) => {
    const headers = signer().sign(request);
    await expect(verifier().verify(received(headers, more))).rejects.toMatchObject({ reason: 'ALTERED' });
  });

  test('is valid once', async () => {
    const [headers, its] = [signer().sign(request), verifier()];
    await its.verify(received(headers));
    await expect(its.verify(received(headers))).rejects.toMatchObject({ reason: 'REPLAYED' });
    await its.verify(received(signer().sign(request)));
  });

  test('is valid for its receiving process and no other', async () => {
    const headers = signer().sign(request);
    await expect(verifier(testRing, undefined, newUuid()).verify(received(headers))).rejects.toMatchObject({
      reason: 'ALTERED',
    });
  });

  test.each([-1, 1])('is refused when the clocks differ by more than a minute (%i)', async (sign) => {
    const clock = new FixedClock(NOW);
    const headers = signer().sign(request);
    clock.advance(sign * MAX_AGE_SECONDS * 1000);
    await verifier(testRing, clock).verify(received(headers));
    clock.advance(sign);
    await expect(verifier(testRing, clock).verify(received(headers))).rejects.toMatchObject({ reason: 'OLD' });
  });

  test('is refused with unknown keys', async () => {
    await expect(verifier([newKey()]).verify(received(signer().sign(request)))).rejects.toMatchObject({
      reason: 'UNKNOWN_KEY',
    });
    const [{ id }] = testRing;
    await expect(verifier([{ ...newKey(), id }]).verify(received(signer().sign(request)))).rejects.toMatchObject({
      reason: 'ALTERED',
    });
  });

  test('is accepted while the keys are rotated, one process after the other', async () => {
    const [old, young] = [newKey(), newKey()];
    // First every process gets the new key, then they sign with it, then the old one is removed.
    const rings: KeyRing[] = [[old], [old, young], [young, old], [young]];
    for (let step = 1; step < rings.length; step++)
      for (const [from, to] of [
        [step - 1, step],
        [step, step - 1],
      ] as const)
        expect((await verifier(rings[to]!).verify(received(signer(rings[from]!).sign(request)))).sender).toBe(
          'gateway',
        );
  });
});

describe('a server', () => {
  let it: ServedSmall;
  beforeEach(async () => {
    it = await serveSmall();
  });
  afterEach(() => it.served.close());

  const send = (headers: Record<string, string>, text: string, path = '/small', method = 'POST') =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const sent = open(new URL(path, it.replica.url), { method, headers }, (response) => {
        let body = '';
        response.on('data', (part) => (body += part));
        response.on('end', () => resolve({ status: response.statusCode!, body }));
      });
      sent.on('error', reject);
      sent.end(text);
    });
  const text = JSON.stringify({ query: 'mutation { count }' });
  const signed = (more: object = {}) => ({
    'content-type': 'application/json',
    ...requestSigner(testRing, 'tester', systemClock).sign({
      ...request,
      path: '/small',
      body: Buffer.from(text),
      to: it.replica.process,
      ...more,
    }),
  });

  test('refuses and counts unsigned, altered, old, replayed and misdirected requests, without any effect', async () => {
    const old = new FixedClock(new Date(Date.now() - 61_000));
    const aged = requestSigner(testRing, 'tester', old).sign({
      ...request,
      path: '/small',
      body: Buffer.from(text),
      to: it.replica.process,
    });
    const good = signed();
    expect((await send(good, text)).status).toBe(200);
    const answers = [
      await send({ 'content-type': 'application/json' }, text),
      await send(signed(), text.replace('count', 'Count')),
      await send(
        { ...signed(), 'x-agora-claims': Buffer.from('{"id":"x","roles":["ADMIN"]}').toString('base64url') },
        text,
      ),
      await send({ ...aged, 'content-type': 'application/json' }, text),
      await send(good, text),
      await send(signed({ to: newUuid() }), text),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 401]);
    expect(it.refused).toEqual(['UNSIGNED', 'ALTERED', 'ALTERED', 'OLD', 'REPLAYED', 'ALTERED']);
    expect(it.world.counted).toBe(1);
    expect((await metricsText()).text).toContain('agora_signatures_refused_total{what="request"} 6');
  });

  test('accepts POST with JSON only, at the paths of its agents', async () => {
    expect((await send({}, '', '/small?query={who}', 'GET')).status).not.toBe(200);
    expect((await send(signed({ body: Buffer.from('null') }), 'null')).status).toBe(400);
    expect((await send(signed({ path: '/order' }), text, '/order')).status).toBe(404);
    expect(it.world.callers).toEqual([]);
  });

  test('does not read a body that is too large', async () => {
    const { remote, transport } = remoteSmall(() => [it.replica]);
    try {
      const asked = remote.execute(
        { query: '{ who }', variables: { a: 'x'.repeat(17_000_000) } },
        { actor: ANONYMOUS, correlationId: 'r' },
      );
      await expect(asked).rejects.toBeDefined();
      expect(it.world.callers).toEqual([]);
    } finally {
      transport.close();
    }
  });

  test('answers health checks without a signature', async () => {
    expect(await send({}, '', '/health', 'GET')).toEqual({ status: 200, body: '{"status":"ok"}' });
    expect((await send({}, '', '/health/ready', 'GET')).status).toBe(200);
    it.served.drain();
    expect((await send({}, '', '/health/ready', 'GET')).status).toBe(503);
  });
});
