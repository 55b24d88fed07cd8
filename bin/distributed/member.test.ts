import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { until } from '../../tests/support/until.ts';
import { Member } from './member.ts';

let folder: string;
let said: string[];
const members: Member[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'agora-member-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  said = [];
});
afterEach(async () => {
  for (const one of members.splice(0)) await one.stop();
});

/** A member that runs this program, and is ready as soon as it answers. */
function member(program: string): Member {
  const file = join(folder, `${members.length}.mjs`);
  writeFileSync(file, program);
  const one = new Member({
    name: 'agents-commerce',
    command: [file],
    env: process.env as Record<string, string>,
    readyAt: (output) => /ready at (\S+)/.exec(output)?.[1],
    onLine: () => {},
    report: (line) => said.push(line),
    pace: { soonestMs: 1, latestMs: 2, limit: 3 },
  });
  members.push(one);
  return one;
}

const SERVES = `
  import { createServer } from 'node:http';
  const server = createServer((_, answer) => answer.end('{}')).listen(0, '127.0.0.1', () =>
    console.log('ready at http://127.0.0.1:' + server.address().port));
  process.on('SIGTERM', () => process.exit(0));`;

test('a killed member is started again, and its new pid is reported when it is back', async () => {
  const one = member(SERVES);
  await one.start();
  const { pid } = one;
  await one.kill();
  await until('it is back', () => said.length === 2);
  expect(said[0]).toBe('agents-commerce ended (SIGKILL) and is started again');
  expect(said[1]).toBe(`agents-commerce is back (pid ${one.pid}, ${one.url})`);
  expect(one.pid).not.toBe(pid);
});

test('a member that ends by itself says why, and after some times in a row is not started again', async () => {
  const one = member(`console.log('It is starting.'); console.error('There is no agent ordr.'); process.exit(1)`);
  await expect(one.start()).rejects.toThrow(/agents-commerce ended 3 times in a row:[^]*There is no agent ordr\./);
  expect(said).toEqual([
    expect.stringMatching(/^agents-commerce ended \(code 1\) and is started again:\n[^]*There is no agent ordr\.$/),
    expect.stringMatching(/started again:\n[^]*There is no agent ordr\.$/),
    expect.stringMatching(/3 times in a row, and is not started again:\n[^]*There is no agent ordr\.$/),
  ]);
});

test('Ctrl-C in the terminal does not reach a member: it has a process group of its own', async () => {
  const one = member(SERVES);
  await one.start();
  const group = Number(
    readFileSync(`/proc/${one.pid}/stat`, 'utf8')
      .replace(/^.*\) \S \d+ /s, '')
      .split(' ', 1)[0],
  );
  expect(group).toBe(one.pid);
  await one.stop();
  expect(said).toEqual([]);
});

test('a member that is stopped before it is ready is not waited for any longer', async () => {
  const one = member(`setInterval(() => {}, 1000)`);
  const started = one.start().then(
    () => 'ready',
    (error: Error) => error.message,
  );
  await one.stop();
  expect(await started).toBe('agents-commerce was stopped before it was ready.');
});
