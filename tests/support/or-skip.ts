/**
 * What to run instead of `describe` or `test` where something is needed that this machine may lack, by the Debian
 * package that brings it: it says so when it is not there.
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
