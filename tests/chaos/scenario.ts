/** What every scenario of chaos looks like. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Draw, drawFrom } from './draw.ts';
import { History } from './history.ts';
import type { Settled } from './settle.ts';

/** What a run is given. */
export interface Run {
  orders: number;
  /** How many faults, where the scenario counts them. */
  faults: number;
  draw: Draw;
  history: History;
  say(line: string): void;
}

/** What a run found. */
export interface Findings extends Settled {
  /** What was done to it, and how often: `31 kills`. */
  faults: string;
  /** Worth knowing beside it. */
  notes?: string;
}

/** A schedule of faults. */
export interface Scenario {
  name: string;
  /** One sentence. */
  does: string;
  /** The long form's and the short form's size; without a short one it runs by `npm run chaos` only. */
  long: { orders: number; faults: number };
  short?: { orders: number; faults: number };
  run(run: Run): Promise<Findings>;
}

/** A run of this size and seed, with its history in a file of its own. */
export function runOf(
  seed: number,
  size: { orders: number; faults: number },
  say: (line: string) => void = () => {},
): Run {
  const file = join(mkdtempSync(join(tmpdir(), 'agora-chaos-')), 'history.jsonl');
  say(`seed ${seed}, history in ${file}`);
  return { ...size, draw: drawFrom(seed), history: new History(file), say };
}
