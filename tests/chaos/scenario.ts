/** The shape of every chaos scenario. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Draw, drawFrom } from './draw.ts';
import { History } from './history.ts';
import type { Settled } from './settle.ts';

/** The size, the randomness and the history of a run. */
export interface Run {
  orders: number;
  /** Number of faults, where the scenario counts them. */
  faults: number;
  draw: Draw;
  history: History;
  say(line: string): void;
}

/** Results of a run. */
export interface Findings extends Settled {
  /** The faults of the run and their number: `31 kills`. */
  faults: string;
  /** Further remarks. */
  notes?: string;
}

/** A schedule of faults. */
export interface Scenario {
  name: string;
  /** Description, one sentence. */
  does: string;
  /** Size of the long form and of the short form; without a short one it runs by `npm run chaos` only. */
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
