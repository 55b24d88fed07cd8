import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { breaks } from '../../tools/schema/published.ts';

const home = process.cwd();
let house: string;
beforeEach(() => {
  house = mkdtempSync(join(tmpdir(), 'agora-published-'));
  process.chdir(house);
});
afterEach(() => {
  process.chdir(home);
  rmSync(house, { recursive: true });
});

const git = (...args: string[]): void => {
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], { stdio: 'ignore' });
};
const write = (words: string): void => writeFileSync('contract', words);
function commit(words: string): void {
  write(words);
  git('add', 'contract');
  git('commit', '--no-gpg-sign', '--no-verify', '-m', 'contract');
}

/** The breaking changes of a contract with these words: every word that is gone. */
const broken = (now: string): Promise<string[]> =>
  breaks('contract', async (old) => old.split(' ').filter((word) => !now.includes(word)));

test('a committed part may not go', async () => {
  git('init');
  commit('a b');
  expect(await broken('a')).toEqual(['b']);
});

test('a part that was never committed may go', async () => {
  git('init');
  commit('a');
  write('a b');
  expect(await broken('a')).toEqual([]);
});

test('an accepted change is not refused again, and any other is', async () => {
  git('init');
  commit('a b c');
  write('a c');
  expect(await broken('a c d')).toEqual([]);
  expect(await broken('a')).toEqual(['c']);
});

test('without a repository, the files in the folder count', async () => {
  write('a b');
  expect(await broken('a')).toEqual(['b']);
  rmSync('contract');
  expect(await broken('a')).toEqual([]);
});
