import type { Logger } from '../log.ts';

/** Tools of a room's `demo.ts`, whose data is the same on every machine. */
export interface DemoTools {
  /** A generator of numbers in [0, 1) that gives the same sequence for the same seed. */
  random(seed: string): () => number;
  /** Shows progress. */
  report(line: string): void;
  log: Logger;
}

/** The sizes of the demo world and the ids in it, so that rooms agree on them without asking one another. */
export { demoWorld } from './demo-world.ts';
