/** The machine that a measurement was made on: a figure without it means nothing. */
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';

/** `2 × Some CPU, 24 GB, Node 24.21.0`. */
export const machine = (): string =>
  `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'CPU'}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.versions.node}`;

/** The commit that is checked out, and whether there are changes, other than to the page that the results go to. */
export function commit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: join(import.meta.dirname, '../..'), encoding: 'utf8' }).trim();
  return (
    git('rev-parse', '--short', 'HEAD') +
    (git('status', '--porcelain', '--', ':!docs/reliability.md') ? ' and changes' : '')
  );
}
