import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const run = promisify(execFile);
/**
 * Most growth of the heap over the last three rounds, in which compilers still warm up: about 0.5 MB. One graph that
 * stays for each round, or two kilobytes for each request, is more.
 */
const MOST_BYTES = 1_500_000;

test('a gateway under queries, errors, clients that leave and new graphs has no memory leak', async () => {
  const child = [`${import.meta.dirname}/leak-child.ts`, '8', '60'];
  const { stdout } = await run(process.execPath, ['--no-warnings', '--expose-gc', ...child], { timeout: 170_000 });
  const used = JSON.parse(stdout.trim().split('\n').at(-1)!) as number[];
  process.stdout.write(`heap in use: ${used.map((bytes) => `${(bytes / 1e6).toFixed(2)} MB`).join(', ')}\n`);
  expect(used).toHaveLength(8);
  expect(used[7]! - used[4]!).toBeLessThan(MOST_BYTES);
});
