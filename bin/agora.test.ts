import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const entry = join(import.meta.dirname, 'agora.mjs');
/** Makes the first process believe that it is an old Node, but not the one that it re-executes. */
const OLD =
  `data:text/javascript,if (!process.env.AGORA_NEWER_NODE) ` +
  `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } })`;
const ALWAYS_OLD = OLD.replace('if (!process.env.AGORA_NEWER_NODE) ', '');

let folder: string;
let script: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'agora-entry-'));
  script = join(folder, 'script.ts');
  writeFileSync(
    script,
    `const [order, ...rest]: string[] = process.argv.slice(2);
     console.log(JSON.stringify({ rest, parent: process.ppid }));
     if (order === 'wait') {
       process.on('SIGTERM', () => process.exit(42));
       console.log('waiting');
       setInterval(() => {}, 1000);
     } else process.exit(Number(order));`,
  );
});

afterAll(() => rmSync(folder, { recursive: true }));

function run(nodeOptions: string[], args: string[], onOutput?: (output: string, kill: () => void) => void) {
  const { AGORA_NEWER_NODE: _, ...env } = process.env;
  const child = spawn(process.execPath, [...nodeOptions, entry, ...args], { env });
  let output = '';
  let errors = '';
  child.stdout.on('data', (data) => {
    output += data;
    onOutput?.(output, () => child.kill('SIGTERM'));
  });
  child.stderr.on('data', (data) => (errors += data));
  return once(child, 'close').then(([code]) => ({ code, output, errors, pid: child.pid }));
}

test('a new Node runs the TypeScript file itself, without a warning', async () => {
  const { code, output, errors } = await run([], [script, '7', 'a b', '--c']);
  expect({ code, output: JSON.parse(output), errors }).toEqual({
    code: 7,
    output: { rest: ['a b', '--c'], parent: process.pid },
    errors: '',
  });
});

test('an old Node re-executes under the installed one, with the same arguments and exit code', async () => {
  const { code, output, pid } = await run(['--import', OLD], [script, '7', 'a b']);
  expect({ code, output: JSON.parse(output) }).toEqual({ code: 7, output: { rest: ['a b'], parent: pid } });
});

test('signals are passed on', async () => {
  const { code } = await run(['--import', OLD], [script, 'wait'], (output, kill) => {
    if (output.includes('waiting')) kill();
  });
  expect(code).toBe(42);
});

test('without a new Node the entry says what is missing, and does not look for ever', async () => {
  const { code, errors } = await run(['--import', ALWAYS_OLD], [script, '0']);
  expect(code).toBe(1);
  expect(errors).toMatch(/Agora needs Node 24/);
});

test('without a file the entry prints its usage', async () => {
  expect(await run([], [])).toMatchObject({ code: 2, errors: expect.stringContaining('usage') });
});
