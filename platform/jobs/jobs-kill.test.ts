/** Jobs whose processes are killed in the middle, again and again: each ends, its result whole, its effects once. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { counting, smallJobs } from '../../tests/support/counting-job.ts';
import { openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { until } from '../../tests/support/until.ts';
import { dieWithParent } from '../die-with-parent.ts';
import { newId } from '../ids.ts';

const CHILD = fileURLToPath(new URL('../../tests/support/job-child.ts', import.meta.url));
const TO = 130;

let small: SmallAgent;
let dir: string;
const children = new Set<ChildProcess>();
beforeAll(async () => {
  small = await openSmallAgent();
  dir = mkdtempSync(join(tmpdir(), 'agora-jobs-'));
});
afterAll(async () => {
  await Promise.all([...children].map(kill));
  await small?.database.drop();
  rmSync(dir, { recursive: true, force: true });
});

async function spawnRunner(): Promise<ChildProcess> {
  const command = dieWithParent(process.execPath, ['--no-warnings', CHILD, small.database.url, dir]);
  const child = spawn(...command, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.add(child);
  const [reason] = await Promise.race([once(child.stdout!, 'data'), once(child, 'exit')]);
  if (!Buffer.isBuffer(reason)) throw new Error(`a runner ended at its start: ${reason}`);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  children.delete(child);
  if (child.exitCode !== null || child.signalCode) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

test('a job whose process is killed again and again ends, with every line and every effect once', async () => {
  const { jobs, files } = smallJobs(small, dir);
  const key = { actor: 'user_1', operation: 'count', key: newId('key'), request: {}, origin: {} };
  const id = await jobs.start(counting(), { input: { to: TO }, ownerId: null, key });
  const read = async () => (await jobs.visible(id, 'ALL'))!;

  const seen: number[] = [];
  let kills = 0;
  for (let child = await spawnRunner(); ; child = await spawnRunner()) {
    const before = (await read()).done;
    await until('it has come further, or ended', async () => {
      const job = await read();
      seen.push(job.done);
      return job.done >= before + 20 || job.endedAt !== null;
    });
    if ((await read()).endedAt !== null) break;
    await kill(child);
    kills += 1;
  }
  const job = await read();
  expect(job).toMatchObject({ status: 'SUCCEEDED', done: TO, total: TO });
  expect(kills).toBeGreaterThanOrEqual(2);
  expect(job.attempts).toBeGreaterThan(kills);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));

  const numbers = Array.from({ length: TO }, (_, n) => n + 1);
  const { rows } = await small.database.pool.query('select version from small.effect where aggregate_id = $1', [id]);
  expect(rows.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual(numbers);
  const result = (await files.visible(job.resultId!, 'ALL'))!;
  expect(await text(await files.read(result))).toBe(numbers.map((n) => `{"n":${n}}\n`).join(''));
});
