import { execFileSync } from 'node:child_process';
import { read } from '../codegen/output.ts';

/**
 * The changes that break the contract both as it was last committed and as it lies in the folder. So a part that was
 * never committed may still change, and a change that was accepted once is not refused again.
 */
export async function breaks(path: string, compare: (old: string) => Promise<string[]>): Promise<string[]> {
  const olds = isRepository() ? [read(path), committed(path)] : [read(path)];
  if (olds.includes(undefined)) return [];
  const [first = [], ...others] = await Promise.all(olds.map((old) => compare(old!)));
  return first.filter((change) => others.every((changes) => changes.includes(change)));
}

const isRepository = (): boolean => git('rev-parse', '--git-dir') !== undefined;

const committed = (path: string): string | undefined => git('show', `HEAD:./${path}`);

function git(...args: string[]): string | undefined {
  try {
    return execFileSync('git', args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 1e8,
      timeout: 10_000,
    });
  } catch {
    return undefined; // There is no such file, or no git here.
  }
}
