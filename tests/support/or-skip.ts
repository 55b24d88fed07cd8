import { existsSync } from 'node:fs';

/**
 * Skips a `describe` or `test` that needs a program which this machine lacks, and names it with the Debian package that
 * brings it.
 */
export const orSkip = <Block extends { skip: unknown }>(
  has: boolean,
  block: Block,
  what: string,
  debian = 'redis-server',
): Block => orSkipUntil(has, block, what, `Install it: apt-get install ${debian}`);

/** Skips a `describe` or `test` that reads processes and their parents in `/proc`, as Linux alone lists them. */
export const onLinux = <Block extends { skip: unknown }>(block: Block): Block =>
  orSkipUntil(existsSync('/proc/self/stat'), block, 'processes as `/proc` lists them', 'Run it on Linux.');

/** Skips a `describe` or `test` that needs what this machine does not give, and says how it can be had. */
export function orSkipUntil<Block extends { skip: unknown }>(
  has: boolean,
  block: Block,
  what: string,
  remedy: string,
): Block {
  if (has) return block;
  process.stderr.write(`\nSKIPPED: ${what}. ${remedy}\n\n`);
  return block.skip as Block;
}
