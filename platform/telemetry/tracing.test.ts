import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
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
