import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { sleep } from '../sleep.ts';
import { startTracing, traced, traceFields, traceHeaders, tracedWithin } from './tracing.ts';

test('while tracing is off, the work is run and nothing else', async () => {
  const stop = await startTracing({ TRACES_SHARE: 1 }, 'test');
  const never = (): never => {
    throw new Error('asked for nothing');
  };
  expect(traced('work', never, () => 1)).toBe(1);
  expect(tracedWithin(never, never, () => 2)).toBe(2);
  expect([traceHeaders(), traceFields()]).toEqual([{}, {}]);
  await stop();
});

test('while tracing is off, nothing of the SDK is loaded', () => {
  const script = `
    import { registerHooks } from 'node:module';
    registerHooks({ load(url, context, next) { if (url.includes('/@opentelemetry/sdk-trace')) console.log(url); return next(url, context); } });
    const { startTracing } = await import(${JSON.stringify(new URL('tracing.ts', import.meta.url).href)});
    await startTracing({ TRACES_SHARE: 1, TRACES_FILE: process.argv[1] || undefined }, 'test');
    process.exit(0);`;
  const loadedWith = (file: string): string =>
    spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', script, file], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      encoding: 'utf8',
    }).stdout;
  expect(loadedWith('')).toBe('');
  expect(loadedWith('/dev/null')).toContain('sdk-trace-base');
});

/** A collector on this machine that answers so, and its address. */
async function collector(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

test('spans are sent to a collector by OTLP over HTTP, the last ones when the process stops', async () => {
  const taken: { method?: string; url?: string; type?: string; sent: any }[] = [];
  const { endpoint, close } = await collector((request, response) => {
    const { method, url, headers } = request;
    void text(request).then((body) => {
      taken.push({ method, url, type: headers['content-type'], sent: JSON.parse(body) });
      response.end('{}');
    });
  });
  const stop = await startTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, TRACES_SHARE: 1 }, 'agora test');
  const traceId = traced(
    'pay',
    () => ({ kind: 'server' }),
    () => (traceFields() as { traceId: string }).traceId,
  );
  await stop();
  close();
  expect(taken).toMatchObject([{ method: 'POST', url: '/v1/traces', type: 'application/json' }]);
  const [{ resource, scopeSpans }] = taken[0]!.sent.resourceSpans;
  expect(resource.attributes).toContainEqual({ key: 'service.name', value: { stringValue: 'agora test' } });
  expect(scopeSpans[0].spans).toMatchObject([{ name: 'pay', kind: 2, traceId }]);
});

test('a collector that never answers fails no work, and a process that stops does not wait for it', async () => {
  const { endpoint, close } = await collector(() => {});
  const stop = await startTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, TRACES_SHARE: 1 }, 'agora test');
  expect(
    traced(
      'work',
      () => ({}),
      () => 42,
    ),
  ).toBe(42);
  // The exporter's own patience is ten seconds.
  const waiting = new AbortController();
  const ended = stop().then(
    () => 'ended',
    () => 'ended',
  );
  expect(await Promise.race([ended, sleep(8000, waiting.signal).then(() => 'still waits')])).toBe('ended');
  waiting.abort();
  close();
});
