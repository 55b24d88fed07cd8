/**
 * Skips a `describe` or `test` that needs a program which this machine lacks, and names it with the Debian package that
 * brings it.
 */
export function orSkip<Block extends { skip: unknown }>(
  has: boolean,
  block: Block,
  what: string,
  debian = 'redis-server',
): Block {
  if (has) return block;
  process.stderr.write(`\nSKIPPED: ${what}. Install it: apt-get install ${debian}\n\n`);
  return block.skip as Block;
}
