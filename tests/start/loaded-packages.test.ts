/** The packages that a start loads: those that are slow to load wait until they are needed. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';
import { startAgora, temporaryData } from '../support/agora-process.ts';

/**
 * Packages that take from half a second to two seconds to load. Whatever needs one loads it by `await import(…)` when it
 * does, or runs it in a command of its own.
 */
const SLOW = ['@platformatic/kafka', 'date-holidays', 'gpt-tokenizer', 'mjml', 'pdfkit'];

const folder = mkdtempSync(join(tmpdir(), 'agora-packages-'));
const data = temporaryData();
afterAll(async () => {
  await data.remove();
  rmSync(folder, { recursive: true, force: true });
});

const RECORDER = pathToFileURL(join(import.meta.dirname, '../support/record-packages.mjs')).href;
const recording = (file: string) => ({ NODE_OPTIONS: `--import ${RECORDER}`, AGORA_TEST_PACKAGES: join(folder, file) });
const recordIn = (file: string): string[] => readFileSync(join(folder, file), 'utf8').trim().split('\n');

test('a start loads no package that is slow to load', async () => {
  const agora = await startAgora({ data: data.data, args: ['--empty'], env: recording('start') });
  await agora.end();
  const loaded = recordIn('start');
  // What a start cannot do without, as the gateway, the rooms and the sagas need it.
  expect(loaded).toEqual(expect.arrayContaining(['graphql', '@apollo/gateway', '@mikro-orm/core', 'zod', 'pg']));
  expect(loaded).toContain('@dbos-inc/dbos-sdk');
  expect(loaded.filter((name) => SLOW.includes(name))).toEqual([]);
});

test.each([
  ['by import', `import 'pdfkit';`, 'pdfkit'],
  ['by require', `import { createRequire } from 'node:module'; createRequire(import.meta.url)('pdfkit');`, 'pdfkit'],
  ['by await import()', `await import('pdfkit');`, 'pdfkit'],
  ['by another package', `import 'documents';`, 'pdfkit'],
  ['with a scope', `import '@platformatic/kafka';`, '@platformatic/kafka'],
])('a package that is loaded %s is recorded', (how, text, name) => {
  const packages = { pdfkit: '', documents: `import 'pdfkit';`, '@platformatic/kafka': '' };
  for (const [of, source] of Object.entries(packages)) {
    mkdirSync(join(folder, 'node_modules', of), { recursive: true });
    writeFileSync(join(folder, 'node_modules', of, 'index.js'), source);
    writeFileSync(join(folder, 'node_modules', of, 'package.json'), '{"type":"module","exports":"./index.js"}');
  }
  writeFileSync(join(folder, 'program.mjs'), text);
  const env = { ...process.env, ...recording(how) };
  expect(spawnSync(process.execPath, [join(folder, 'program.mjs')], { env }).status).toBe(0);
  expect(recordIn(how)).toContain(name);
});
